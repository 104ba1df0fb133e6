# SPDX-License-Identifier: GPL-2.0-or-later
# Guests of 256 MiB destroyed at any moment of their lives leave nothing behind: every tenth once its
# console has shown the first line, the others at random moments between the first instruction and the
# shell. CYCLES (default 40), SEED and KINDS (default "pv pvh", which take turns) may come from
# /root/create-destroy.conf; `make soak` does 400.
. /job/lib.sh

CYCLES=40 SEED=1 KINDS="pv pvh"
[ ! -e /root/create-destroy.conf ] || . /root/create-destroy.conf
random=$SEED

# A small generator of our own: the same seed gives the same moments.
next_random() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	echo $((random / 65536 % $1)) >/run/random
}

spoke() {
	[ -s "$console/guest-$1.log" ]
}

vif='vif = [ "bridge=xenbr0" ]'
# Every rdtsc of a PVH guest is an exit where the CPU's counter is not invariant, unless it is told not to be.
native='tsc_mode = "native"'
# Of each ten cycles another kind comes first, so that all get each moment.
choose_kind() {
	set -- $KINDS
	shift $(((cycle + cycle / 10) % $#))
	kind=$1
}

# live NAME: until the moment it is to be destroyed; sets $moment.
live() {
	if [ $((cycle % 10)) = 0 ]; then
		moment="its first line"
		wait_until $patience spoke "$1"
		return
	fi
	next_random 30
	tenths=$(cat /run/random)
	moment="$tenths/10 s"
	sleep $((tenths / 10)).$((tenths % 10))
}

for kind in $KINDS; do
	check a_${kind}_guest_boots_and_powers_off warm_up "$vif" "type = \"$kind\"" "$native"
done
before=$(free-pages)
cycle=0
while [ $cycle -lt "$CYCLES" ]; do
	cycle=$((cycle + 1))
	name=cycle$cycle
	choose_kind
	create_guest $name 256 2 "ip=10.0.5.20/24 ping=10.0.5.1" "$vif" "type = \"$kind\"" "$native" || failed=1
	live $name || failed=1
	xl destroy $name || failed=1
	# dom0 keeps a grant-tracking frame for each of its CPUs that ever mapped one: a slack for the whole job,
	# less than one frame for each guest.
	if all_pages_returned "$before" 4; then
		echo "# cycle $cycle, $kind: destroyed after $moment, at $(cut -d' ' -f1 /proc/uptime) s"
	else
		failed=1
		break
	fi
done
check guests_destroyed_at_random_moments_leave_every_frame [ $failed = 0 ]
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
finish
