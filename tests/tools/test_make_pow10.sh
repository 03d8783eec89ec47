#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$SONDE_SOURCE/tests/lib/tap.sh"

"$SONDE_SOURCE/tools/make-pow10" >"$tap_scratch/table"
tap_check "the committed table is what the tool prints" \
	cmp "$tap_scratch/table" "$SONDE_SOURCE/src/base/num_pow10.inc"
tap_done
