# SPDX-License-Identifier: GPL-2.0-or-later
# Fills in xen-tools' template of configurations as xen-create-image does.
# Usage: xen-tools.pl TEMPLATE images|volumes
use strict;
use warnings;
use Text::Template;

my ($path, $kind) = @ARGV;
my %values = (
	hostname => 'host.example.org', xen_tools_version => '4.9.2', vcpus => 2, memory => '256',
	maxmem => '512', device => 'xvda', mac => '00:16:3E:12:34:56', pygrub => 1, dhcp => 1, bridge => 'xenbr0',
);
if ($kind eq 'images') {
	$values{PARTITIONS} = [
		{ mountpoint => 'swap', imagetype => 'file:', image => '/home/xen/host/swap.img' },
		{ mountpoint => '/', imagetype => 'file:', image => '/home/xen/host/disk.img' },
	];
} else {
	%values = (%values, image_vbd => 'phy:/dev/vg/host-disk', swap_vbd => 'phy:/dev/vg/host-swap');
}
my $template = Text::Template->new(TYPE => 'FILE', SOURCE => $path) or die "$path: $!";
my $text = $template->fill_in(HASH => \%values);
die $Text::Template::ERROR unless defined $text;
print $text;
