# SPDX-License-Identifier: GPL-2.0-or-later
# Pools of CPUs: one is made with a CPU of its own, a running guest moves there and back, another is created
# there; both tools see the same.
. /job/lib.sh

# runs_on GUEST CPU: its vcpus ran there last; one that sleeps does not move before it wakes.
runs_on() {
	[ "$(xl vcpu-list "$1" | awk 'NR > 1 {print $4}' | sort -u | tr '\n' ' ')" = "$2 " ]
}

check a_guest_boots_and_powers_off warm_up
before=$(free-pages)
check dom0_leaves_a_cpu xl vcpu-set 0 1
check a_cpu_leaves_the_first_pool xl cpupool-cpu-remove Pool-0 1
echo 'name = "lone"
cpus = "1"' >/run/lone.cfg
check a_pool_is_made_of_it xl cpupool-create /run/lone.cfg
check it_is_listed sh -c 'xl cpupool-list | grep -q "^lone  *1 "'
check a_guest_runs_in_the_first create_guest one 192 2 ""
check it_speaks guest_will_say one $patience ready
check on_the_other_cpu wait_until $patience runs_on one 0
check it_moves xl cpupool-migrate one lone
check and_runs_there wait_until $patience runs_on one 1
check a_guest_is_created_there create_guest two 192 1 "" 'pool = "lone"'
check it_speaks_too guest_will_say two $patience ready
check from_there wait_until $patience runs_on two 1
check a_pool_with_guests_stays sh -c '! xl cpupool-destroy lone 2>/dev/null'
check it_moves_back xl cpupool-migrate one Pool-0
check to_the_other_cpu wait_until $patience runs_on one 0
for name in one two; do
	check ${name}_is_destroyed xl destroy $name
done
check an_empty_pool_is_destroyed wait_until $patience xl cpupool-destroy lone
check its_cpu_comes_back xl cpupool-cpu-add Pool-0 1
check every_frame_came_back all_pages_returned "$before" 16
xl cpupool-list | sed 's/^/# /'
[ $failed = 0 ] || xl dmesg | grep -E "^\(PXN\)|^d[0-9]" | tail -n 20 | sed 's/^/# /'
finish
