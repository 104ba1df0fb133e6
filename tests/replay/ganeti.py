# SPDX-License-Identifier: GPL-2.0-or-later
"""Ganeti 3.0's own Xen code against our xl.

Imports ganeti.hypervisor.hv_xen from an unpacked package; what its import chain wants and is not
installed (pycurl, OpenSSL, ...) has nothing to do with Xen and is replaced by nothing.
Usage: ganeti.py PACKAGE-FOLDER lists|info|files|toolstack
"""
import importlib.abc
import importlib.machinery
import json
import os
import subprocess
import sys
import tempfile
import types
from unittest import mock


class Nothing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives an empty module for what is not installed; asked last."""

    NAMES = ("OpenSSL", "pycurl", "simplejson", "pyparsing", "pyinotify", "paramiko", "bitarray",
             "fdsend", "affinity")

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in self.NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = mock.MagicMock(name=spec.name)
        module.__path__ = []
        module.__spec__ = spec
        return module

    def exec_module(self, module):
        pass


sys.path.insert(0, sys.argv[1])
sys.meta_path.append(Nothing())
from ganeti import constants, objects, utils  # noqa: E402
from ganeti.hypervisor import hv_base, hv_xen  # noqa: E402


def run_xl(args):
    done = subprocess.run(["xl"] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return types.SimpleNamespace(failed=done.returncode != 0, stdout=done.stdout, stderr=done.stderr,
                                 output=done.stdout + done.stderr, fail_reason=str(done.returncode))


def lists():
    rows = hv_xen._ParseInstanceList(run_xl(["list"]).stdout.splitlines(), True)
    by_name = {row[0]: row for row in rows}
    assert by_name["Domain-0"][1] == 0, rows
    web1 = by_name["web1"]
    assert web1[1:4] == [1, 256, 1] and web1[5] == 57.8, web1
    assert web1[4] == hv_base.HvInstanceState.RUNNING, web1
    assert "a-guest-with-a-name-longer-than-the-column-is" not in by_name, "a crashed guest is left out"
    rows = hv_xen._GetAllInstanceList(lambda: run_xl(["list"]), False, delays=(0.02, 1.0, 0.03), timeout=1)
    assert "Domain-0" not in [row[0] for row in rows]


def info():
    text = run_xl(["info"]).stdout
    instances = hv_xen._ParseInstanceList(run_xl(["list"]).stdout.splitlines(), True)
    node = hv_xen._GetNodeInfo(text, instances)
    for key in ("memory_total", "memory_free", "memory_dom0", "cpu_total", "cpu_nodes", "cpu_sockets"):
        assert isinstance(node[key], int), (key, node)
    assert node[constants.HV_NODEINFO_KEY_VERSION] == (4, 17), node


def dry_run(text):
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([os.environ["REPLAY_XL"], "create", "--quiet", "--dryrun", file.name],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr + text
    return json.loads(done.stdout), done.stderr


def instance_of(hypervisor, defaults):
    hvparams = dict(defaults)
    hvparams.update({constants.HV_KERNEL_PATH: "/boot/vmlinuz-3-xenU", constants.HV_CPU_MASK: "0-1:1",
                     constants.HV_VNC_PASSWORD_FILE: "", constants.HV_CPU_CAP: 50, constants.HV_CPU_WEIGHT: 512})
    beparams = {constants.BE_MAXMEM: 512, constants.BE_MINMEM: 256, constants.BE_VCPUS: 2}
    nic = objects.NIC(mac="aa:00:00:35:a6:e1", ip=None,
                      nicparams={constants.NIC_LINK: "xen-br0", constants.NIC_MODE: constants.NIC_MODE_BRIDGED,
                                 constants.NIC_VLAN: ""})
    return objects.Instance(name="inst1.example.org", hvparams=hvparams, beparams=beparams, nics=[nic], disks=[],
                            hypervisor=hypervisor)


def files():
    disk = objects.Disk(mode=constants.DISK_RDWR, dev_type=constants.DT_PLAIN, logical_id=("vg", "x"))
    shared = objects.Disk(mode=constants.DISK_RDONLY, dev_type=constants.DT_FILE, logical_id=("loop", "/srv/a"))
    devices = [(disk, "/dev/vg/x", None), (shared, "/srv/a", None)]
    with tempfile.TemporaryDirectory() as folder:
        for kind, name in ((hv_xen.XenPvmHypervisor, constants.HT_XEN_PVM),
                           (hv_xen.XenHvmHypervisor, constants.HT_XEN_HVM)):
            hypervisor = kind(_cfgdir=folder, _run_cmd_fn=lambda *args, **kwargs: None, _cmd="xl")
            instance = instance_of(name, constants.HVC_DEFAULTS[name])
            with mock.patch.object(kind, "_WriteNICInfoFile"), \
                    mock.patch.object(utils, "ReadFile", return_value="secret"):
                text = hypervisor._GetConfig(instance, 256, devices)
            config, warnings = dry_run(text)
            assert config["c_info"]["name"] == "inst1.example.org"
            assert config["b_info"]["target_memkb"] == 256 << 10, config
            assert config["b_info"]["max_memkb"] == 512 << 10, config
            assert config["b_info"]["max_vcpus"] == 2, config
            assert config["b_info"]["sched_params"]["weight"] == 512, config
            assert config["b_info"]["vcpu_hard_affinity"] == [[0, 1], [1]], config["b_info"]
            assert [d["pdev_path"] for d in config["disks"][:2]] == ["/dev/vg/x", "/srv/a"], config
            assert config["disks"][0].get("readwrite") == 1 and not config["disks"][1].get("readwrite"), config
            assert config["nics"][0]["mac"] == "aa:00:00:35:a6:e1", config
            assert "cpu_cap" in warnings and "unknown" in warnings, warnings


def toolstack():
    result = run_xl(["help"])
    assert not result.failed and "toolstack" not in result.stderr, result.stderr


{"lists": lists, "info": info, "files": files, "toolstack": toolstack}[sys.argv[2]]()
