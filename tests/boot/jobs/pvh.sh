# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools debian
# PVH guests, that is: translated guests with nested paging and a local APIC, made by Debian's xl. One with 1
# virtual CPU, one with 2, a disk and an interface, one with 4; a PV guest beside them. All speak, and leave
# every frame behind when they are destroyed.
. /job/lib.sh

pvh='type = "pvh"'
# An emulated CPU's counter is not invariant: by default each reading of it would be an exit.
tsc='tsc_mode = "native"'
disk='disk = [ "format=raw,vdev=xvdb,access=w,target=/run/pvh.img" ]'
vif='vif = [ "bridge=xenbr0" ]'

has_hvm() {
	xl info | grep -q '^virt_caps.* hvm hap'
}

check the_machine_can_run_translated_guests has_hvm
check one_that_halts_with_interrupts_off_is_powered_off warm_up "$vif" "$pvh" "$tsc"
before=$(free-pages)
dd if=/dev/zero of=/run/pvh.img bs=1M count=4 2>/dev/null

check guest_with_1_vcpu_is_created create_guest p1 192 1 "" "$pvh" "$tsc"
check guest_with_2_vcpus_disk_and_interface_is_created \
	create_guest p2 192 2 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1" "$pvh" "$tsc" "$disk" "$vif"
check it_speaks guest_will_say p1 $patience "ready name=p1 home=/local/domain/[0-9]* vcpus=1"
check its_kernel_knows_it_is_pvh guest_says p1 "type PVH"
check it_speaks_with_2_vcpus guest_will_say p2 $patience "ready name=p2 home=/local/domain/[0-9]* vcpus=2"
check it_reads_back_what_it_wrote guest_will_say p2 $patience "disk xvdb md5"
check dom0_finds_it_in_the_file same_data p2 /run/pvh.img
check it_pings_dom0 guest_will_say p2 $patience "ping 10.0.5.1 answers"
check guest_with_4_vcpus_is_created create_guest p4 256 4 "" "$pvh" "$tsc"
check a_pv_guest_runs_beside_them create_guest pv 192 1 ""
check it_speaks_with_4_vcpus guest_will_say p4 $patience "ready name=p4 home=/local/domain/[0-9]* vcpus=4"
check the_pv_guest_speaks guest_will_say pv $patience "ready name=pv"
check four_guests_run_side_by_side [ "$(xl list | grep -cE '^(p1|p2|p4|pv) ')" = 4 ]
xl list | sed 's/^/# /'
for name in p1 p2 p4 pv; do
	[ $failed = 0 ] || show_console $name
	check ${name}_is_destroyed xl destroy $name
done
check every_frame_came_back all_pages_returned "$before" 8
[ $failed = 0 ] || xl dmesg | grep -E "^\(PXN\)|^d[0-9]" | tail -n 20 | sed 's/^/# /'
finish
