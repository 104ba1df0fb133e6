# SPDX-License-Identifier: GPL-2.0-or-later
# The life of a PVH guest under our tools: its memory and its vcpus are taken and given back, it is paused, it
# crashes, it shuts down; nothing of it is left.
. /job/lib.sh
trap '' PIPE

pvh='type = "pvh"'
# An emulated CPU's counter is not invariant: by default each reading of it would be an exit.
tsc='tsc_mode = "native"'

has_grown() {
	[ "$(field "$1" 3)" -ge "$2" ]
}

vcpus_online() {
	[ "$(xl vcpu-list "$1" | awk 'NR > 1 && $4 != "-"' | wc -l)" = "$2" ]
}

check a_pvh_guest_boots_and_powers_off warm_up "" "$pvh" "$tsc"
before=$(free-pages)
check one_with_2_vcpus_one_of_them_offline_is_created create_guest life 192 1 sysrq_always_enabled 'maxvcpus = 2' \
	'on_crash = "preserve"' "$pvh" "$tsc"
check it_speaks_with_1 guest_will_say life $patience "ready name=life home=/local/domain/[0-9]* vcpus=1"
check its_kernel_knows_it_is_pvh guest_says life "type PVH"
check the_second_is_brought_up xl vcpu-set life 2
# Linux registers the CPU; its programs switch it on, udev where there is one.
check it_is_switched_on console_answers life 'until echo 1 >/sys/devices/system/cpu/cpu1/online; do sleep 1; done
echo cpus=$(grep -c ^processor /proc/cpuinfo)' cpus=2
check it_runs_there wait_until $patience vcpus_online life 2
check the_second_is_taken xl vcpu-set life 1
check it_runs_there_no_more wait_until $patience vcpus_online life 1
check memory_is_taken xl mem-set life 128
check it_gives_the_memory wait_until $patience has_shrunk life 140
check memory_is_given xl mem-set life 192
check it_takes_the_memory wait_until $patience has_grown life 180
check pause xl pause life
check it_is_paused state_is life '??p*'
check unpause xl unpause life
check it_goes_on console_answers life 'echo sum=$((40 + 2))' sum=42
check it_crashes xl sysrq life c
check its_crash_is_seen wait_until $patience state_is life '????c*'
[ $failed = 0 ] || show_console life
check it_is_destroyed xl destroy life
check another_is_created create_guest last 128 2 "" "$pvh" "$tsc"
check it_speaks guest_will_say last $patience ready
check it_shuts_down timeout $patience xl shutdown -w last
check and_is_gone wait_until $patience guest_is_gone last
check every_frame_came_back all_pages_returned "$before" 16
[ $failed = 0 ] || xl dmesg | grep -E "^\(PXN\)|^d[0-9]" | tail -n 20 | sed 's/^/# /'
finish
