# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools debian
# What Debian's xl does to a running guest: pause and unpause, its console, its vcpus, its name, a clean
# reboot and a clean shutdown, a crash.
. /job/lib.sh

state_of() {
	xl list "$1" 2>/dev/null | awk 'NR == 2 {print $5}'
}

# cpu_time NAME: seconds it ran.
cpu_time() {
	xl list "$1" | awk 'NR == 2 {print $NF}'
}

is_paused() {
	case $(state_of "$1") in ??p*) return 0 ;; esac
	return 1
}

stands_still() {
	before=$(cpu_time "$1")
	sleep 2
	[ "$(cpu_time "$1")" = "$before" ]
}

# xl console shows what the guest prints. What is typed goes to the terminal that xl names: busybox gives the
# programs of a job none to type at.
console_answers() {
	timeout 300 xl console "$1" >/run/console-$1 2>&1 </dev/null &
	attached=$!
	sleep 1
	printf 'echo sum=$((40 + 2))\r' >"$(xenstore-read /local/domain/"$2"/console/tty)"
	wait_until $patience grep -q '^sum=42' "$console/guest-$1.log" && wait_until 300 grep -q 'sum=42' /run/console-$1
	answered=$?
	kill $attached 2>/dev/null
	return $answered
}

# ready_times NAME COUNT: it came up that often.
ready_times() {
	[ "$(grep -c '^guest: ready' "$console/guest-$1.log")" -ge "$2" ]
}

vcpus_online() {
	[ "$(xl vcpu-list "$1" | awk 'NR > 1 && $5 != "--p"' | grep -c "^$1 ")" = "$2" ]
}

create_guest life 128 2 "" 'on_reboot = "restart"' 'on_poweroff = "destroy"'
check a_guest_comes_up guest_will_say life $patience ready
id=$(xl domid life)
check its_name_is_found [ "$(xl domname "$id")" = life ]
check pause xl pause life
check it_is_paused is_paused life
check it_stands_still stands_still life
check unpause xl unpause life
check its_console_answers console_answers life "$id"
check vcpu_list_shows_both vcpus_online life 2
check a_vcpu_is_pinned xl vcpu-pin life 0 0
check the_pin_is_shown sh -c "xl vcpu-list life | awk '\$3 == 0 {print \$7}' | grep -qx 0"
check rename xl rename life lifelong
check it_has_its_new_name [ "$(xl domname "$id")" = lifelong ]
xl rename lifelong life
check reboot xl reboot life
check it_comes_up_again wait_until $patience ready_times life 2
check as_another_domain [ "$(xl domid life)" -gt "$id" ]
check shutdown timeout $patience xl shutdown -w life
check it_is_gone wait_until $patience guest_is_gone life

create_guest broken 128 1 "sysrq_always_enabled" 'on_crash = "preserve"'
check another_guest_comes_up guest_will_say broken $patience ready
check sysrq_reaches_it xl sysrq broken c
crashed() {
	case $(state_of broken) in ????c*) return 0 ;; esac
	return 1
}
check its_crash_is_seen wait_until $patience crashed
check the_crashed_guest_is_destroyed xl destroy broken
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
check the_log_names_the_domain sh -c "xl dmesg | grep -q 'd[0-9]* \\|domain [0-9]'"
finish
