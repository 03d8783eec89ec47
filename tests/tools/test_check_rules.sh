#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The small rules: licences, sizes, banned calls, headers.
. "$SONDE_SOURCE/tests/lib/tap.sh"

tree=$tap_scratch/tree

put() {
	path=$tree/$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '%s\n' "$@" >"$path"
}
accepts() {
	mkdir -p "$tree/src"
	tap_check "$2" "$SONDE_SOURCE/tools/$1" "$tree"
	rm -rf "$tree"
}
refuses() {
	if output=$("$SONDE_SOURCE/tools/$1" "$tree" 2>&1); then
		tap_not_ok "$2" "it was accepted"
	else
		tap_has "$2" "$output" "$3"
	fi
	rm -rf "$tree"
}
lines() {
	seq "$1" | sed 's/.*/	step();/'
}

apache='/* SPDX-License-Identifier: Apache-2.0 */'
kernel='/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */'

put src/base/a.c "$apache"
put bpf/abi/a.h "$kernel"
put tests/run '#!/bin/sh' '# SPDX-License-Identifier: Apache-2.0'
accepts check-spdx "every file says its licence"
put src/base/a.c 'int a;'
refuses check-spdx "a file without a licence" 'src/base/a.c: says no licence'
put probes/x/x.bpf.c "$apache"
refuses check-spdx "the wrong licence for what runs in the kernel" 'probes/x/x.bpf.c: says Apache-2.0'

put src/base/a.c 'int run(void)' '{' "$(lines 100)" '}'
accepts check-size "a function of 100 lines"
put src/base/a.c 'int run(void)' '{' "$(lines 101)" '}'
refuses check-size "a function of 101 lines" 'function of 101 lines (int run)'
put src/base/a.c '/* LONG: one table */' 'int run(void)' '{' "$(lines 101)" '}'
accepts check-size "a long function that says why"
put src/base/a.c '/* LONG: one table */' 'int run(void)' '{' "$(lines 101)" '}' 'int go(void)' '{' "$(lines 101)" '}'
refuses check-size "the excuse holds for one function" '(int go)'
put src/base/a.c "$(seq 801)"
refuses check-size "a file of 801 lines" 'src/base/a.c: 801 lines'

put src/base/a.c '/* never strcpy() */' 'text = "exit (1)";' 'loop->exit(loop); my_exit(1);' '/*' ' * system(x)' ' */'
accepts check-banned "names in comments, texts and members"
put src/base/a.c 'x = 1;' '	strcpy(a, b);'
refuses check-banned "strcpy" 'src/base/a.c:2: strcpy() is banned'
put src/cmd/run.c '/* why */ exit(1);'
refuses check-banned "exit outside main" 'exit() is banned'
put src/main.c 'exit(1);'
accepts check-banned "exit in main"

put src/base/a.h "$apache" '#ifndef SRC_BASE_A_H' '#define SRC_BASE_A_H' '' '/*' ' * What it is.' ' */' '#include <stddef.h>' 'size_t a(void);' '#endif'
accepts check-headers "a header that stands alone"
put src/base/a.h "$apache" '#ifndef SRC_BASE_A_H' '#define SRC_BASE_A_H' '/* What it is. */' 'size_t a(void);' '#endif'
refuses check-headers "a header that needs another before it" 'size_t'
put src/base/a.h "$apache" '#ifndef A_H' '#define A_H' '/* What it is. */' 'int a(void);' '#endif'
refuses check-headers "a guard of another name" 'write #ifndef SRC_BASE_A_H'
put src/base/a.h "$apache" '#ifndef SRC_BASE_A_H' '#define SRC_BASE_A_H' 'int a(void);' '#endif'
refuses check-headers "a header that does not say what it is" 'does not open with'

tap_done
