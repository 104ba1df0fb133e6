# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor answers the tools: xl info, xl list, the log, and dom0's own store entry.
. /job/lib.sh

info=$(xl info)
check xl_info_knows_the_version [ -n "$(echo "$info" | sed -n 's/^xen_version *: *4\.17.*/yes/p')" ]
check xl_info_counts_the_cpus [ "$(echo "$info" | sed -n 's/^nr_cpus *: *//p')" -ge 1 ]
check xl_info_offers_pv [ -n "$(echo "$info" | grep '^xen_caps.*xen-3.0-x86_64')" ]
check xl_info_counts_free_memory [ "$(echo "$info" | sed -n 's/^free_memory *: *//p')" -ge 512 ]
check xl_list_shows_dom0_running [ -n "$(xl list | grep '^Domain-0  *0 .* r')" ]
check xl_dmesg_reads_the_log [ "$(xl dmesg | wc -l)" -ge 10 ]
check the_store_names_dom0 [ "$(xenstore-read /local/domain/0/name)" = Domain-0 ]
check free_pages_can_be_counted [ "$(free-pages)" -gt 0 ]

if [ -d /sys/firmware/efi ]; then
	# Bytes of a variable: four of attributes, then its content.
	variable_holds() { [ "$(hexdump -v -e '1/1 "%02x"' "/sys/firmware/efi/efivars/$1")" = "$2" ]; }
	write_variable() { printf '\007\000\000\000%s' "$2" >"/sys/firmware/efi/efivars/$1"; }

	modprobe efivarfs
	mount -t efivarfs efivarfs /sys/firmware/efi/efivars
	# Linux lets go of the variables of this GUID, its own for crash dumps.
	ours=proxenos-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0
	check dom0_lists_the_firmwares_variables [ -n "$(ls /sys/firmware/efi/efivars | grep ^BootOrder-)" ]
	# Attributes: non-volatile, seen by boot and by runtime services.
	check dom0_writes_a_variable_of_firmware write_variable "$ours" door
	check dom0_reads_back_what_it_wrote variable_holds "$ours" 07000000646f6f72
	rm "/sys/firmware/efi/efivars/$ours"
	check a_deleted_variable_is_gone [ ! -e "/sys/firmware/efi/efivars/$ours" ]
	check the_firmwares_clock_tells_the_date [ "$(efi-time | cut -d' ' -f1)" = "$(date -u +%Y-%m-%d)" ]
fi
finish
