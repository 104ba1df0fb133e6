# SPDX-License-Identifier: GPL-2.0-or-later
# qemu: -drive if=none,id=d1,format=raw,file=DISK1 -device ich9-ahci,id=ahci1 -device ide-hd,drive=d1,bus=ahci1.0 -drive if=none,id=d2,format=raw,file=DISK2 -device nvme,drive=d2,serial=n1 -drive if=none,id=d3,format=raw,file=DISK3 -device virtio-blk-pci,drive=d3 -netdev user,id=n1 -device e1000e,netdev=n1 -netdev user,id=n2,net=10.0.3.0/24 -device virtio-net-pci,netdev=n2
# Dom0 drives the machine's devices: three kinds of disk are written, read back and counted in
# interrupts; two kinds of network card reach their gateway.
. /job/lib.sh

for module in ahci sd_mod nvme virtio_pci virtio_blk e1000e virtio_net; do
	modprobe $module 2>/dev/null
done
sleep 3

disk_works() {
	dd if=/dev/urandom of=/tmp/pattern bs=1M count=4 2>/dev/null &&
		dd if=/tmp/pattern of="$1" bs=64k oflag=direct 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches &&
		dd if="$1" of=/tmp/back bs=64k count=64 iflag=direct 2>/dev/null &&
		cmp /tmp/pattern /tmp/back
}

interrupts_of() {
	grep "$1" /proc/interrupts | awk '{ for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }'
}

card_of() {
	for card in /sys/class/net/*; do
		[ "$(basename "$(readlink "$card/device/driver" 2>/dev/null)" 2>/dev/null)" = "$1" ] && basename "$card"
	done
}

gateway_answers() {
	ip link set "$1" up && ip addr add "$2" dev "$1" && sleep 2 && ping -c 3 -W 3 -I "$1" "$3" >/dev/null
}

cat /proc/interrupts | sed 's/^/# /'
ls -l /sys/block | sed 's/^/# /'
check ahci_disk_reads_what_it_wrote disk_works /dev/sda
check nvme_disk_reads_what_it_wrote disk_works /dev/nvme0n1
check virtio_disk_reads_what_it_wrote disk_works /dev/vda
check ahci_interrupts_arrive [ "$(interrupts_of ahci)" -gt 10 ]
check nvme_interrupts_arrive [ "$(interrupts_of "nvme0q[1-9]")" -gt 10 ]
check virtio_interrupts_arrive [ "$(interrupts_of virtio.*req)" -gt 10 ]
check e1000e_reaches_its_gateway gateway_answers "$(card_of e1000e)" 10.0.2.15/24 10.0.2.2
check virtio_net_reaches_its_gateway gateway_answers "$(card_of virtio_net)" 10.0.3.15/24 10.0.3.2
cat /proc/interrupts | sed 's/^/# /'
finish
