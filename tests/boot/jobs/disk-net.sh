# SPDX-License-Identifier: GPL-2.0-or-later
# Split drivers: a guest's disk on a file and on a block device of dom0, its root on a disk image, and its
# network to dom0 and to another guest.
. /job/lib.sh

disk_line() {
	echo "disk = [ \"format=raw,vdev=xvdb,access=w,target=$1\" ]"
}

check a_guest_boots_and_powers_off warm_up
before=$(free-pages)
dd if=/dev/zero of=/run/file.img bs=1M count=4 2>/dev/null
dd if=/dev/zero of=/run/phy.img bs=1M count=4 2>/dev/null
phy=$(/sbin/losetup -f --show /run/phy.img)
vif='vif = [ "bridge=xenbr0" ]'

check guest_with_file_disk_is_created \
	create_guest file 256 1 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1" "$(disk_line /run/file.img)" "$vif"
check guest_with_device_disk_is_created \
	create_guest phy 256 2 "ip=10.0.5.12/24 disk=xvdb ping=10.0.5.1,10.0.5.11" "$(disk_line "$phy")" "$vif"
check guest_reads_back_what_it_wrote_to_a_file guest_will_say file $patience "disk xvdb md5"
check dom0_finds_it_in_the_file same_data file /run/file.img
check guest_reads_back_what_it_wrote_to_a_device guest_will_say phy $patience "disk xvdb md5"
check dom0_finds_it_on_the_device same_data phy "$phy"
check guest_pings_dom0 guest_will_say file $patience "ping 10.0.5.1 answers"
check guest_pings_guest guest_will_say phy $patience "ping 10.0.5.11 answers"
dom0_pings() {
	ping -c 1 -W 5 "$1" >/dev/null
}
check dom0_pings_guest dom0_pings 10.0.5.12
[ $failed = 0 ] || { show_console file; show_console phy; }
check guest_with_file_disk_is_destroyed xl destroy file
check guest_with_device_disk_is_destroyed xl destroy phy
check the_loop_device_is_released wait_until $patience loop_is_free /run/file.img

check guest_with_its_root_on_disk_is_created xl create -q /etc/xen/demo.cfg
check guest_mounts_its_root guest_will_say demo $patience "root xvda"
check its_shell_comes_up wait_until $patience grep -q "Proxenos demo guest" $console/guest-demo.log
[ $failed = 0 ] || show_console demo
check guest_with_its_root_on_disk_is_destroyed xl destroy demo
check every_frame_came_back all_pages_returned "$before" 8
finish
