"""Failure scenarios 1 to 19: files and how they are loaded. The numbers are those of conformance/scenarios.json."""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import resource
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from folder import FAST, Projected, policy, until
from opening import BY_HAND, watching
from pki import Authority, key_pem, new_key, self_signed
from serving import bare_context, get, opened, served_serial, serving

from sentinel_common.errors import MtlsError
from sentinel_common.files import read_snapshot
from sentinel_common.runtime import runtime_of
from sentinel_common.source import FileSource
from sentinel_common.watch import Watch

# Printed by pytest when a test fails, since it stands in the source.
SEED = 20_261_124


def plain(folder: Projected, leaf: Any, root: Authority, **files: bytes) -> None:
    """The three files without a projection, written in place."""
    for name, content in {"tls.crt": leaf.cert_pem, "tls.key": leaf.key_pem, "ca.crt": root.pem, **files}.items():
        (folder.path / name).write_bytes(content)


def test_01_missing_files_at_start_end_in_one_clear_line_after_the_deadline(folder: Projected) -> None:
    began = time.monotonic()
    with pytest.raises(MtlsError) as caught:
        FileSource.open(folder.config().paths, replace(FAST, first_generation_deadline_ms=300))
    assert 0.3 <= time.monotonic() - began < 3
    assert str(caught.value) == f"no valid generation within 0.3 s: cert-missing: {folder.path / 'tls.crt'}: no such file"
    assert not isinstance(caught.value, FileNotFoundError), "an old fallback to plain text must not catch it"


def test_02_files_that_appear_later_start_the_process(folder: Projected, root: Authority) -> None:
    threading.Timer(0.2, lambda: folder.write(root.issue(), [root], policy())).start()
    with watching(folder.config()) as watched:
        assert watched.number == 1
    shutil.rmtree(folder.path)
    absent = Projected(folder.path.parent / "later" / "certs")
    shutil.rmtree(absent.path)
    threading.Timer(0.2, lambda: Projected(absent.path).write(root.issue(), [root], policy())).start()
    with watching(absent.config()) as watched:
        assert watched.number == 1


@pytest.mark.parametrize("name", ["tls.crt", "tls.key", "ca.crt"])
def test_03_a_file_that_is_cut_at_any_byte_leaves_the_last_good_generation(folder: Projected, root: Authority, name: str) -> None:
    """Every length is tried. Taken is only what says the same as the whole, which lacks the final line break."""
    leaf = root.issue()
    plain(folder, leaf, root)
    whole = (folder.path / name).read_bytes()
    with watching(folder.config(policy=False), BY_HAND) as watched:
        generation = watched.source.current()
        for length in range(len(whole)):
            (folder.path / name).write_bytes(whole[:length])
            watched.source.refresh()
            assert watched.source.current() is generation, f"cut at {length} of {len(whole)}"
        assert sum(watched.refused().values()) > len(whole) * 0.9


def test_03_a_bundle_of_two_roots_cut_at_any_byte_is_never_taken_as_the_first_alone(
    folder: Projected, root: Authority, other_root: Authority
) -> None:
    plain(folder, root.issue(), root, **{"ca.crt": root.pem + other_root.pem})
    whole = (folder.path / "ca.crt").read_bytes()
    with watching(folder.config(policy=False), BY_HAND) as watched:
        for length in range(len(root.pem) + 1, len(whole) - 1):
            (folder.path / "ca.crt").write_bytes(whole[:length])
            watched.source.refresh()
            assert len(watched.source.current().identity.roots) == 2, f"cut at {length}"
        (folder.path / "ca.crt").write_bytes(whole[: len(root.pem)])
        watched.source.refresh()
        assert len(watched.source.current().identity.roots) == 1, "cut between two blocks it is a whole bundle of one root"


@pytest.mark.parametrize(("name", "code"), [("tls.crt", "cert-empty"), ("tls.key", "key-empty"), ("ca.crt", "bundle-empty")])
def test_04_an_empty_file_is_refused_and_the_former_one_is_served(folder: Projected, root: Authority, name: str, code: str) -> None:
    folder.write(root.issue("api"), [root], policy())
    web = bare_context([root], root.issue("web"))
    with serving(folder.config()) as server:
        metrics = runtime_of(folder.config()).metrics
        for content in (b"", b" \n\t"):
            folder.write(root.issue("api"), [root], policy(), **{name: content})
            until(lambda: metrics.value("sentinel_mtls_reloads_total", "identity", "refused", code))
            assert get(server.ports[0], web).startswith(b"HTTP/1.1 200")
            assert get(server.ports[0], bare_context([root], self_signed())) == b"", "empty roots must not mean default roots"


def test_05_garbage_der_and_wrong_labels_are_refused_while_byte_order_mark_and_crlf_are_fine(folder: Projected, root: Authority) -> None:
    leaf = root.issue()
    bad = [
        ("tls.crt", b"garbage", "cert-malformed"),
        ("tls.crt", leaf.der, "cert-malformed"),
        ("tls.crt", leaf.cert_pem.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"), "cert-malformed"),
        ("tls.key", b"\x00\x01", "key-malformed"),
        ("tls.key", leaf.cert_pem, "key-malformed"),
        ("ca.crt", leaf.key_pem, "bundle-malformed"),
        ("ca.crt", root.pem + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "bundle-malformed"),
    ]
    folder.write(leaf, [root])
    with watching(folder.config(policy=False), BY_HAND) as watched:
        for name, content, code in bad:
            folder.write(leaf, [root], **{name: content})
            watched.source.refresh()
            assert watched.lines[-1]["code"] == code, name
            assert watched.number == 1
        odd = {"tls.crt": b"\xef\xbb\xbf" + leaf.cert_pem.replace(b"\n", b"\r\n"), "ca.crt": b"subject=x\n" + root.pem.rstrip()}
        folder.write(leaf, [root], **odd)
        assert watched.source.refresh() is None, "the same certificates: no swap"
        assert len(watched.refused()) == len({code for _name, _content, code in bad})


@pytest.mark.parametrize("first", ["tls.crt", "tls.key"])
def test_06_between_a_new_certificate_and_its_key_no_connection_fails(folder: Projected, root: Authority, first: str) -> None:
    old, new = root.issue("api"), root.issue("api")
    plain(folder, old, root, **{"policy.json": json.dumps(policy()).encode()})
    web = bare_context([root], root.issue("web"))
    files = {"tls.crt": new.cert_pem, "tls.key": new.key_pem}
    second = "tls.key" if first == "tls.crt" else "tls.crt"
    with serving(folder.config()) as server:
        metrics = runtime_of(folder.config()).metrics
        (folder.path / first).write_bytes(files[first])
        until(lambda: metrics.value("sentinel_mtls_reloads_total", "identity", "refused", "key-mismatch"))
        assert [get(server.ports[0], web)[:12] for _ in range(20)] == [b"HTTP/1.1 200"] * 20
        assert served_serial(server.ports[0], web) == old.serial
        (folder.path / second).write_bytes(files[second])
        until(lambda: served_serial(server.ports[0], web) == new.serial)


def test_07_a_certificate_without_its_key_for_ever_is_told_once_and_the_old_pair_stays(folder: Projected, root: Authority) -> None:
    old = root.issue()
    plain(folder, old, root)
    with watching(folder.config(policy=False), BY_HAND) as watched:
        (folder.path / "tls.crt").write_bytes(root.issue().cert_pem)
        for _ in range(50):
            watched.source.refresh()
        assert watched.refused() == {("identity", "key-mismatch"): 1}
        assert len(watched.events("reload-refused")) == 1
        assert watched.source.current().identity.leaf == old.certificate
        assert watched.source.not_ready_reason() is None


def test_08_a_file_that_may_not_be_read_is_told_as_such(root: Authority) -> None:
    """In a child that is another user, since root reads everything."""
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        folder = Projected(Path(temporary) / "certs")
        plain(folder, root.issue(), root)
        (folder.path / "tls.key").chmod(0o000)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            fault = read_snapshot(folder.config(policy=False).paths, FAST).faults["key"]
            os.write(write, f"{fault.code} {fault.detail}".encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 100) == b"key-unreadable EACCES"
        os.close(read)
        os.close(write)


@pytest.mark.parametrize(("name", "part"), [("tls.crt", "cert"), ("tls.key", "key"), ("ca.crt", "bundle"), ("policy.json", "policy")])
def test_09_a_folder_a_dangling_link_a_loop_or_a_fifo_in_place_of_a_file_is_refused(
    folder: Projected, root: Authority, name: str, part: str
) -> None:
    plain(folder, root.issue("api"), root, **{"policy.json": json.dumps(policy()).encode()})
    path = folder.path / name

    def fifo() -> None:
        os.mkfifo(path)

    with watching(folder.config(), BY_HAND) as watched:
        for make, code in (
            (lambda: path.mkdir(), "unreadable"),
            (lambda: path.symlink_to("nowhere"), "missing"),
            (lambda: path.symlink_to(name), "unreadable"),
            (fifo, "unreadable"),
        ):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            make()
            watched.source.refresh()
            assert watched.lines[-1]["code"] == f"{part}-{code}"
            assert watched.number == 1


def test_10_three_hundred_swaps_in_a_row_are_never_read_torn(folder: Projected, root: Authority) -> None:
    """Each pair of certificate and key fits, so a mixture of two swaps would be told as a mismatch."""
    leaves = [root.issue() for _ in range(6)]
    folder.write(leaves[0], [root], policy())
    with watching(folder.config(), replace(FAST, debounce_ms=1, debounce_max_ms=2)) as watched:
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                watched.source.refresh()

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(300):
            folder.write(leaves[number % 6], [root], policy())
        done.set()
        reader.join()
        until(lambda: watched.source.current().identity.leaf == leaves[299 % 6].certificate)
        # At this rate a look may find the folder changed at each of its attempts; a mixture it never takes.
        assert set(watched.refused()) <= {("identity", "files-torn")}
        assert watched.number > 10


def test_11_a_folder_that_is_deleted_and_made_anew_is_found_by_watch_or_poll(folder: Projected, root: Authority) -> None:
    folder.write(root.issue(), [root], policy())
    with watching(folder.config()) as watched:
        until(lambda: watched.source.watch_active)
        for number in (2, 3):
            shutil.rmtree(folder.path)
            until(lambda number=number: watched.events("reload-refused")[number - 2 :])
            Projected(folder.path).write(root.issue(), [root], policy())
            until(lambda number=number: watched.number == number)
        until(lambda: watched.source.watch_active)
        assert watched.events("watch-lost")


def test_12_a_mount_by_subpath_is_told_of_once_and_a_projected_one_is_not(folder: Projected, root: Authority, tmp_path: Path) -> None:
    plain(folder, root.issue(), root)
    with watching(folder.config(policy=False)) as watched:
        assert [line["path"] for line in watched.events("folder-not-projected")] == [str(folder.path)]
    projected = Projected(tmp_path / "projected")
    projected.write(root.issue(), [root])
    with watching(projected.config(policy=False)) as watched:
        assert watched.events("folder-not-projected") == []


def test_13_without_inotify_the_poll_finds_the_change_and_the_metric_says_so(
    folder: Projected, root: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of descriptors is real: no descriptor is left for inotify, though reading files finds one again."""
    folder.write(root.issue(), [root], policy())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    watch = Watch()
    used = max(int(entry) for entry in os.listdir("/proc/self/fd"))
    fillers = [os.open("/dev/null", os.O_RDONLY) for _ in range(4)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(*fillers, used) + 1, hard))
    more = []
    try:
        while True:
            more.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        assert watch.arm([folder.path]) == "EMFILE"
        assert not watch.active
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in [*fillers, *more]:
            os.close(descriptor)
        watch.close()
    # The same refusal, for the life of a source.
    monkeypatch.setattr("sentinel_common.watch._inotify_init", lambda: (_ for _ in ()).throw(OSError(24, "EMFILE")))
    with watching(folder.config()) as watched:
        assert not watched.source.watch_active
        folder.write(root.issue(), [root], policy())
        until(lambda: watched.number == 2)


def test_14_a_storm_of_events_with_the_same_content_swaps_nothing(folder: Projected, root: Authority) -> None:
    leaf, told = root.issue(), []
    folder.write(leaf, [root], policy())
    with watching(folder.config()) as watched:
        watched.source.on_update(lambda new, old: told.append(new.number))
        for _ in range(200):
            folder.write(leaf, [root], policy())
        folder.write(root.issue(), [root], policy())
        until(lambda: watched.number == 2)
        assert told == [2]
        assert watched.source.metrics.value("sentinel_mtls_reloads_total", "identity", "taken", "ok") == 2


def test_15_a_change_with_a_rewound_mtime_is_found_and_a_clock_jump_does_not_stop_the_poll(
    folder: Projected, root: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain(folder, root.issue(), root)
    stamp = os.stat(folder.path / "ca.crt")
    with watching(folder.config(policy=False)) as watched:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - 86_400 * 365)
        new = root.issue()
        plain(folder, new, root)
        for name in ("tls.crt", "tls.key", "ca.crt"):
            os.utime(folder.path / name, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        until(lambda: watched.source.current().identity.leaf == new.certificate)


@pytest.mark.parametrize(("name", "code"), [("tls.crt", "cert"), ("tls.key", "key"), ("ca.crt", "bundle"), ("policy.json", "policy")])
def test_16_a_huge_file_is_refused_by_its_size_before_it_is_read(folder: Projected, root: Authority, name: str, code: str) -> None:
    plain(folder, root.issue("api"), root, **{"policy.json": json.dumps(policy()).encode()})
    with watching(folder.config(), BY_HAND) as watched:
        with open(folder.path / name, "wb") as file:
            file.truncate(100 * 1024 * 1024)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        watched.source.refresh()
        assert watched.lines[-1]["code"] == f"{code}-too-large"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "KiB: it was read"


def test_17_an_encrypted_key_gets_an_error_that_says_so(folder: Projected, root: Authority) -> None:
    leaf = root.issue()
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        locked = leaf.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"secret"))
        folder.write(leaf, [root], **{"tls.key": locked})
        with pytest.raises(MtlsError, match=r"key-encrypted.*needs a passphrase"):
            FileSource.open(folder.config(policy=False).paths, BY_HAND)


def test_18_a_combined_file_in_any_order_serves_the_same_chain(folder: Projected, root: Authority, other_root: Authority) -> None:
    intermediate = Authority("intermediate", above=root)
    leaf = intermediate.issue()
    certificate, above = (c.public_bytes(Encoding.PEM) for c in (leaf.certificate, intermediate.certificate))
    chains = set()
    for content in (
        leaf.key_pem + certificate + above,
        certificate + above + leaf.key_pem,
        above + certificate + leaf.key_pem,
        certificate + certificate + above + above + leaf.key_pem,
        certificate + other_root.pem + above + root.pem + leaf.key_pem,
    ):
        folder.swap({"tls.crt": content, "ca.crt": root.pem})
        config = replace(folder.config(policy=False), key_path=folder.path / "tls.crt")
        with watching(config, BY_HAND) as watched:
            chains.add(watched.source.current().identity.chain)
            unrelated = watched.events("chain-unrelated")
            assert bool(unrelated) == (other_root.pem in content)
    assert chains == {(leaf.certificate, intermediate.certificate)}


def test_19_no_key_gets_into_logs_errors_metrics_or_representations(
    folder: Projected, root: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leaf = root.issue("api")
    secrets = [line for key in (leaf.key, new_key()) for line in key_pem(key).decode().splitlines()[1:-1]]
    key_text = leaf.key_pem.decode()
    folder.write(leaf, [root], policy())
    seen = []
    with opened(folder.config()) as runtime:
        broken = [
            {"tls.key": leaf.key_pem[: len(leaf.key_pem) // 2]},
            {"tls.key": root.issue().key_pem},
            {"tls.crt": leaf.key_pem},
            {"ca.crt": leaf.key_pem},
            {"policy.json": leaf.key_pem},
            {"policy.json": json.dumps({**policy(), "mode": key_text}).encode()},
            {"policy.json": json.dumps({**policy(), "spiffeId": key_text}).encode()},
            {"policy.json": json.dumps({**policy(), key_text: 1}).encode()},
            {"policy.json": json.dumps({**policy(), "version": key_text}).encode()},
            {"policy.json": json.dumps({**policy(), "fleet": [key_text]}).encode()},
        ]
        for files in broken:
            folder.write(leaf, [root], policy(), **files)
            runtime.source.refresh()
        generation = runtime.source.current()
        seen += [repr(generation), repr(generation.identity), str(vars(generation)), runtime.metrics.render(), repr(runtime.config)]
    for files in broken[:5]:
        folder.write(leaf, [root], policy(), **files)
        with pytest.raises(MtlsError) as caught:
            FileSource.open(folder.config().paths, BY_HAND)
        seen += [str(caught.value), repr(caught.value), str(vars(caught.value))]
    seen.append(caplog.text)
    assert "reload-refused" in caplog.text
    for text in seen:
        assert "-----" not in text
        for secret in secrets:
            assert secret not in text
            assert secret[8:40] not in text


def test_03_random_damage_to_any_file_never_raises_and_never_swaps_to_something_else(folder: Projected, root: Authority) -> None:
    """A thousand files with a few bytes changed, cut out or doubled."""
    chance = random.Random(SEED)
    leaf = root.issue("api")
    good = {"tls.crt": leaf.cert_pem, "tls.key": leaf.key_pem, "ca.crt": root.pem, "policy.json": json.dumps(policy()).encode()}
    plain(folder, leaf, root, **good)
    with watching(folder.config(), BY_HAND) as watched:
        identity = watched.source.current().identity
        for _ in range(1000):
            name = chance.choice(list(good))
            content = bytearray(good[name])
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(len(content))
                damage = chance.choice(("set", "cut", "double"))
                if damage == "set":
                    content[at] = chance.randrange(256)
                elif damage == "cut":
                    del content[at : at + chance.randint(1, 40)]
                else:
                    content[at:at] = content[at : at + chance.randint(1, 40)]
            (folder.path / name).write_bytes(bytes(content))
            watched.source.refresh()
            current = watched.source.current().identity
            assert current.leaf == identity.leaf
            assert current.roots == identity.roots
            (folder.path / name).write_bytes(good[name])
