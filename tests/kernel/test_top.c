/* SPDX-License-Identifier: Apache-2.0 */
/* `sonde top` before the real exporter: as plain text, and on a terminal that is a pty of the test's own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define YAML                                                                                       \
	"metrics:\n  counters:\n    - name: plain_total\n      help: h\n"                          \
	"    - name: percpu_plain_total\n      help: h\n"
#define LEAVE_SCREEN "\033[?25h\033[?1049l"

struct fixture {
	struct exporter exporter;
	char url[64];
	pid_t top;
	int terminal; /* our end of the pty; -1: none */
	int keyboard; /* its other end, to see how it was left; -1 */
	char seen[1 << 16];
	size_t len;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .terminal = -1, .keyboard = -1 };
	exporter__init(&fixture.exporter);
	exporter__add(&fixture.exporter, "shapes", "shapes", YAML);
	exporter__start(&fixture.exporter, "shapes", NULL);
	snprintf(fixture.url, sizeof(fixture.url), "127.0.0.1:%u", fixture.exporter.port);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->top > 0) {
		kill(fixture->top, SIGKILL);
		waitpid(fixture->top, NULL, 0);
	}
	if (fixture->terminal >= 0)
		close(fixture->terminal);
	if (fixture->keyboard >= 0)
		close(fixture->keyboard);
	exporter__done(&fixture->exporter);
	return 0;
}

static void exec_top(const struct fixture *fixture, const char *flag)
{
	const char *binary = getenv("SONDE_BIN");
	const char *const argv[] = { binary, "top", flag, fixture->url, NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	unsetenv("http_proxy");
	execv(binary, (char *const *)argv);
	_exit(127);
}

/* ---- plain text ---- */

/* Exit status; what it wrote to both of its outputs. */
static int run_plain(struct fixture *fixture, const char *flag)
{
	int ends[2], status;
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fixture->top = fork();
	assert_true(fixture->top >= 0);
	if (fixture->top == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		exec_top(fixture, flag);
	}
	close(ends[1]);
	fixture->len = 0;
	while ((n = read(ends[0], fixture->seen + fixture->len,
			 sizeof(fixture->seen) - fixture->len - 1)) > 0)
		fixture->len += (size_t)n;
	close(ends[0]);
	fixture->seen[fixture->len] = '\0';
	assert_int_equal(waitpid(fixture->top, &status, 0), fixture->top);
	fixture->top = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void skip_without_libcurl(const struct fixture *fixture)
{
	if (!strstr(fixture->seen, "libcurl is not there"))
		return;
	printf("# skip: libcurl is not there\n");
	skip();
}

static void assert_seen(const struct fixture *fixture, const char *text)
{
	if (!strstr(fixture->seen, text))
		fail_msg("no '%s' in:\n%s", text, fixture->seen);
}

static void test_once__prints_the_table(void **state)
{
	struct fixture *fixture = *state;
	int status;

	free(exporter__scrape(&fixture->exporter));
	status = run_plain(fixture, "--once");
	skip_without_libcurl(fixture);
	assert_int_equal(status, 0);
	assert_seen(fixture, fixture->url);
	assert_seen(fixture, "METRIC  ");
	assert_seen(fixture, "\nebpf_exporter_plain_total ");
	assert_seen(fixture, "\nebpf_exporter_percpu_plain_total ");
	assert_null(strchr(fixture->seen, '\033'));
	/* Without the flag, too: this is no terminal. */
	assert_int_equal(run_plain(fixture, "--sort=name"), 0);
	assert_null(strchr(fixture->seen, '\033'));
	assert_true(strstr(fixture->seen, "\nebpf_exporter_percpu_plain_total ") <
		    strstr(fixture->seen, "\nebpf_exporter_plain_total "));
}

static void test_once__fails_when_nobody_answers(void **state)
{
	struct fixture *fixture = *state;
	int status;

	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	status = run_plain(fixture, "--once");
	skip_without_libcurl(fixture);
	assert_int_equal(status, 1);
	assert_seen(fixture, "cannot get http://127.0.0.1:");
}

/* ---- on a terminal ---- */

static void resize(const struct fixture *fixture, unsigned short columns, unsigned short rows)
{
	const struct winsize size = { .ws_col = columns, .ws_row = rows };

	assert_int_equal(ioctl(fixture->terminal, TIOCSWINSZ, &size), 0);
}

static void start_on_terminal(struct fixture *fixture)
{
	(void)run_plain(fixture, "--once");
	skip_without_libcurl(fixture);
	fixture->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->terminal < 0 || grantpt(fixture->terminal) < 0 ||
	    unlockpt(fixture->terminal) < 0) {
		printf("# skip: no pty can be had here\n");
		skip();
	}
	fixture->keyboard = open(ptsname(fixture->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->keyboard < 0) {
		printf("# skip: no pty can be had here\n");
		skip();
	}
	resize(fixture, 80, 24);
	fixture->top = fork();
	assert_true(fixture->top >= 0);
	if (fixture->top == 0) {
		setsid();
		ioctl(fixture->keyboard, TIOCSCTTY, 0);
		for (int fd = 0; fd <= 2; fd++)
			dup2(fixture->keyboard, fd);
		exec_top(fixture, "--interval=100ms");
	}
	fixture->len = 0;
}

/* Reads until the text has come; the runner ends a wait that never does. */
static void wait_for(struct fixture *fixture, const char *text)
{
	while (true) {
		ssize_t n;

		fixture->seen[fixture->len] = '\0';
		if (strstr(fixture->seen, text))
			return;
		if (sizeof(fixture->seen) - fixture->len < 8192)
			fixture->len = 0; /* it draws ten times a second */
		n = read(fixture->terminal, fixture->seen + fixture->len,
			 sizeof(fixture->seen) - fixture->len - 1);
		assert_true(n > 0);
		fixture->len += (size_t)n;
	}
}

/* From now on only what comes later is seen. */
static void forget(struct fixture *fixture)
{
	fixture->len = 0;
}

static void press(struct fixture *fixture, const char *keys)
{
	forget(fixture);
	assert_int_equal(write(fixture->terminal, keys, strlen(keys)), strlen(keys));
}

static bool is_echoing(const struct fixture *fixture)
{
	struct termios settings;

	assert_int_equal(tcgetattr(fixture->keyboard, &settings), 0);
	return (settings.c_lflag & ECHO) && (settings.c_lflag & ICANON);
}

/* It ended with 0, and the terminal is as it was. */
static void assert_left(struct fixture *fixture)
{
	int status;

	wait_for(fixture, LEAVE_SCREEN);
	assert_int_equal(waitpid(fixture->top, &status, 0), fixture->top);
	fixture->top = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(is_echoing(fixture));
}

static void test_screen__draws_sorts_resizes_and_quits(void **state)
{
	struct fixture *fixture = *state;

	start_on_terminal(fixture);
	wait_for(fixture, "\033[?1049h");
	wait_for(fixture, "\033[24;1Hq quit  k kernel");
	assert_false(is_echoing(fixture));
	/* The column that it is sorted by stands out. */
	wait_for(fixture, "\033[1m KERNEL\033[0m");
	wait_for(fixture, "\r\nplain_total ");
	press(fixture, "m");
	wait_for(fixture, "\033[1mMEMORY\033[0m");
	press(fixture, "\033[B\033[A\033[6~x"); /* no key that it knows, or nowhere to scroll to */
	resize(fixture, 120, 30);
	wait_for(fixture, "\033[30;1Hq quit");
	wait_for(fixture, "CONFIG");
	press(fixture, "q");
	assert_left(fixture);
}

static void test_screen__signals_give_the_terminal_back(void **state)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		start_on_terminal(fixture);
		wait_for(fixture, "q quit");
		forget(fixture);
		assert_int_equal(kill(fixture->top, numbers[i]), 0);
		assert_left(fixture);
		close(fixture->terminal);
		close(fixture->keyboard);
	}
	fixture->terminal = fixture->keyboard = -1;
}

static void test_screen__stops_and_goes_on(void **state)
{
	struct fixture *fixture = *state;
	int status;

	start_on_terminal(fixture);
	wait_for(fixture, "q quit");
	forget(fixture);
	assert_int_equal(kill(fixture->top, SIGTSTP), 0);
	assert_int_equal(waitpid(fixture->top, &status, WUNTRACED), fixture->top);
	assert_true(WIFSTOPPED(status));
	wait_for(fixture, LEAVE_SCREEN);
	assert_true(is_echoing(fixture));
	forget(fixture);
	assert_int_equal(kill(fixture->top, SIGCONT), 0);
	wait_for(fixture, "\033[?1049h");
	wait_for(fixture, "q quit");
	press(fixture, "q");
	assert_left(fixture);
}

static void test_screen__says_when_nobody_answers_any_more(void **state)
{
	struct fixture *fixture = *state;

	start_on_terminal(fixture);
	wait_for(fixture, "\r\nplain_total ");
	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	forget(fixture);
	wait_for(fixture, "\033[7mcannot get http://127.0.0.1:");
	/* What was known last is still shown. */
	wait_for(fixture, "\r\nplain_total ");
	press(fixture, "q");
	assert_left(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_once__prints_the_table),
		TEST(test_once__fails_when_nobody_answers),
		TEST(test_screen__draws_sorts_resizes_and_quits),
		TEST(test_screen__signals_give_the_terminal_back),
		TEST(test_screen__stops_and_goes_on),
		TEST(test_screen__says_when_nobody_answers_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
