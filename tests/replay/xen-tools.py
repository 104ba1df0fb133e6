# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the JSON of a file xen-tools wrote to what was asked for.

Usage: xen-tools.py JSON images|volumes
"""
import json
import sys

config = json.load(open(sys.argv[1], encoding="utf-8"))
paths = {"images": ["/home/xen/host/disk.img", "/home/xen/host/swap.img"],
         "volumes": ["/dev/vg/host-disk", "/dev/vg/host-swap"]}[sys.argv[2]]
assert config["c_info"]["name"] == "host.example.org", config
assert config["b_info"]["max_vcpus"] == 2, config
assert config["b_info"]["target_memkb"] == 256 << 10 and config["b_info"]["max_memkb"] == 512 << 10, config
assert config["b_info"]["bootloader"] == "pygrub", config
assert config["b_info"]["cmdline"].startswith("root=/dev/xvda2 ro"), config
assert [disk["pdev_path"] for disk in config["disks"]] == paths, config
assert [disk["vdev"] for disk in config["disks"]] == ["xvda2", "xvda1"], config
assert config["nics"][0]["mac"] == "00:16:3e:12:34:56" and config["nics"][0]["bridge"] == "xenbr0", config
