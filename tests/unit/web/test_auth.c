/* SPDX-License-Identifier: Apache-2.0 */
#include "web/auth.h"

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"

#define BOB_RIGHT "Basic Ym9iOmh1bnRlcjI=" /* bob:hunter2 */
#define BOB_WRONG "Basic Ym9iOmh1bnRlcjM=" /* bob:hunter3 */
#define EVE_RIGHT "Basic ZXZlOmh1bnRlcjI=" /* eve:hunter2 */
#define BO_JOINED "Basic Ym86Ymh1bnRlcjI=" /* bo:bhunter2 */

struct fixture {
	struct loop *loop;
	struct auth *auth;
	char hash[HASHER_HASH_BYTES];
	unsigned int told_count;
	enum auth_verdict told;
	struct hash_key told_key;
};

static void on_told(void *ctx, const struct hash_key *key, enum auth_verdict verdict)
{
	struct fixture *fixture = ctx;

	fixture->told_count++;
	fixture->told = verdict;
	fixture->told_key = *key;
}

static void set_hash(struct fixture *fixture, const char *password, const char *setting)
{
	struct crypt_data *scratch = new_zero(struct crypt_data);

	(void)snprintf(fixture->hash, sizeof(fixture->hash), "%s",
		       crypt_r(password, setting, scratch));
	free(scratch);
}

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	assert_int_equal(auth__new(fixture->loop, on_told, fixture, &fixture->auth, NULL), 0);
	set_hash(fixture, "hunter2", "$2y$04$abcdefghijklmnopqrstuu");

	const struct auth_user bob = { "bob", fixture->hash, 4 };

	assert_int_equal(auth__set_users(fixture->auth, &bob, 1), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	auth__free(fixture->auth);
	loop__free(fixture->loop);
	free(fixture);
	return 0;
}

static enum auth_verdict wait_for_verdict(struct fixture *fixture)
{
	unsigned int before = fixture->told_count;

	for (int i = 0; i < 3000 && fixture->told_count == before; i++)
		assert_true(loop__run_once(fixture->loop, 10) >= 0);
	assert_int_equal(fixture->told_count, before + 1);
	return fixture->told;
}

static enum auth_verdict check(struct fixture *fixture, const char *authorization)
{
	struct hash_key key;
	enum auth_verdict verdict = auth__check(fixture->auth, authorization, &key);

	if (verdict != AUTH_WAIT)
		return verdict;
	verdict = wait_for_verdict(fixture);
	assert_memory_equal(&key, &fixture->told_key, sizeof(key));
	return verdict;
}

static uint64_t count_checks(const struct fixture *fixture)
{
	return auth__figures(fixture->auth).checked;
}

static void test_check__verdicts(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
	assert_int_equal(check(fixture, EVE_RIGHT), AUTH_NO);
	assert_int_equal(check(fixture, BO_JOINED), AUTH_NO);
	assert_int_equal(count_checks(fixture), 4);
	assert_true(auth__figures(fixture->auth).check_ns > 0);
}

static void test_check__without_credentials_costs_nothing(void **state)
{
	assert_int_equal(check(*state, NULL), AUTH_NO);
	assert_int_equal(check(*state, ""), AUTH_NO);
	assert_int_equal(check(*state, "Bearer x"), AUTH_NO);
	assert_int_equal(check(*state, "Basic YWI="), AUTH_NO);
	assert_int_equal(count_checks(*state), 0);
}

static void test_check__is_remembered(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
		assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
		assert_int_equal(check(fixture, EVE_RIGHT), AUTH_NO);
	}
	assert_int_equal(count_checks(fixture), 3);
}

/* However many wrong ones are tried, what was right needs no second check; what was wrong may. */
static void test_check__wrong_ones_drive_out_wrong_ones_only(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
	for (int i = 0; i < 128; i++) {
		char header[32];

		/* "bob:" and three letters */
		(void)snprintf(header, sizeof(header), "Basic Ym9iOkFB%c%cFB", 'Q' + i / 16,
			       'A' + i % 16);
		assert_int_equal(check(fixture, header), AUTH_NO);
	}
	assert_int_equal(count_checks(fixture), 130);
	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
	assert_int_equal(count_checks(fixture), 130);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
	assert_int_equal(count_checks(fixture), 131);
}

static void test_check__of_the_same_is_done_once(void **state)
{
	struct fixture *fixture = *state;
	struct hash_key first, second;

	assert_int_equal(auth__check(fixture->auth, BOB_RIGHT, &first), AUTH_WAIT);
	assert_int_equal(auth__check(fixture->auth, BOB_RIGHT, &second), AUTH_WAIT);
	assert_memory_equal(&first, &second, sizeof(first));
	assert_int_equal(wait_for_verdict(fixture), AUTH_YES);
	assert_int_equal(count_checks(fixture), 1);
	assert_int_equal(auth__figures(fixture->auth).waiting, 0);
}

static void test_check__of_too_many_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct hash_key key;
	unsigned int waiting = 0, busy = 0;

	/* Nothing leaves the queue while the loop does not turn. */
	for (int i = 0; i < 20; i++) {
		char header[32];

		(void)snprintf(header, sizeof(header), "Basic Ym9iOkFB%cEFB", 'a' + i);
		switch (auth__check(fixture->auth, header, &key)) {
		case AUTH_WAIT:
			waiting++;
			break;
		case AUTH_BUSY:
			busy++;
			break;
		default:
			fail_msg("verdict without a check");
		}
	}
	assert_int_equal(waiting, HASHER_MAX_JOBS);
	assert_int_equal(busy, 4);
	assert_int_equal(auth__figures(fixture->auth).busy, 4);
	assert_int_equal(auth__figures(fixture->auth).waiting, HASHER_MAX_JOBS);
	for (int i = 0; i < 3000 && fixture->told_count < HASHER_MAX_JOBS; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->told_count, HASHER_MAX_JOBS);
	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
}

static void test_set_users__forgets_verdicts(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
	set_hash(fixture, "hunter3", "$2b$05$abcdefghijklmnopqrstuu");

	const struct auth_user bob = { "bob", fixture->hash, 5 };

	assert_int_equal(auth__set_users(fixture->auth, &bob, 1), 0);
	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_NO);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_YES);
	assert_int_equal(auth__set_users(fixture->auth, NULL, 0), 0);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
}

static void test_set_users__while_a_check_runs(void **state)
{
	struct fixture *fixture = *state;
	struct hash_key key;

	assert_int_equal(auth__check(fixture->auth, BOB_RIGHT, &key), AUTH_WAIT);

	const struct auth_user bob = { "bob", fixture->hash, 4 };

	assert_int_equal(auth__set_users(fixture->auth, &bob, 1), 0);
	assert_int_equal(wait_for_verdict(fixture), AUTH_AGAIN);
	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
}

/* Users whose hashes cost more or less: each is checked with their own. */
static void test_check__with_different_costs(void **state)
{
	struct fixture *fixture = *state;
	char bob_hash[HASHER_HASH_BYTES];

	memcpy(bob_hash, fixture->hash, sizeof(bob_hash));
	set_hash(fixture, "hunter2", "$2a$06$zyxwvutsrqponmlkjihgfe");

	const struct auth_user users[] = { { "bob", bob_hash, 4 }, { "eve", fixture->hash, 6 } };

	assert_int_equal(auth__set_users(fixture->auth, users, 2), 0);
	assert_int_equal(check(fixture, BOB_RIGHT), AUTH_YES);
	assert_int_equal(check(fixture, EVE_RIGHT), AUTH_YES);
	assert_int_equal(check(fixture, BOB_WRONG), AUTH_NO);
}

/* The thread is at work when everything ends. */
static void test_free__with_checks_waiting(void **state)
{
	struct fixture *fixture = *state;
	struct hash_key key;

	assert_int_equal(auth__check(fixture->auth, BOB_RIGHT, &key), AUTH_WAIT);
	assert_int_equal(auth__check(fixture->auth, BOB_WRONG, &key), AUTH_WAIT);
	fixture->auth = auth__free(fixture->auth);
	assert_int_equal(fixture->told_count, 0);
}

#define auth_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		auth_test(test_check__verdicts),
		auth_test(test_check__without_credentials_costs_nothing),
		auth_test(test_check__is_remembered),
		auth_test(test_check__wrong_ones_drive_out_wrong_ones_only),
		auth_test(test_check__of_the_same_is_done_once),
		auth_test(test_check__of_too_many_is_refused),
		auth_test(test_set_users__forgets_verdicts),
		auth_test(test_set_users__while_a_check_runs),
		auth_test(test_check__with_different_costs),
		auth_test(test_free__with_checks_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
