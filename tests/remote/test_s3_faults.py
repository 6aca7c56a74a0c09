"""A bucket whose network and server fail in every way that a bucket has been seen to fail."""

import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.errors import BadConfig, Corrupt, NotFound, RefMoved, StorageError, UserError
from dsv.hashing import file_id
from dsv.store.blobs.base import Conditions
from dsv.store.blobs.s3 import S3Blobs
from dsv.store.blobs.s3.upload import PART
from dsv.store.refs import Refs
from tests.remote.faultproxy import (
    Answer,
    CutReply,
    CutRequest,
    Damage,
    Endless,
    Fault,
    FaultProxy,
    LoseReply,
    Unconditional,
    flip,
    truncate,
    unlisted,
)
from tests.remote.seaweedfs import READER_KEY, READER_SECRET, Bucket

NAME = "packs/ab/" + "ab" * 32 + ".pack"
REFS = "team/data/refs"
MESSAGE = 300_000

PASSING = [
    pytest.param(CutRequest(), id="cut-at-once"),
    pytest.param(CutRequest(1000), id="cut-in-request"),
    pytest.param(LoseReply(), id="reply-lost"),
    pytest.param(CutReply(0), id="reply-cut"),
    pytest.param(Answer(500, "InternalError"), id="500"),
    pytest.param(Answer(503, "SlowDown"), id="slow-down"),
    pytest.param(Answer(429, "TooManyRequests"), id="429"),
    pytest.param(Answer(502, ""), id="502"),
    pytest.param(Answer(400, "RequestTimeout"), id="timeout"),
]


def content(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


def refs(*writes: str) -> bytes:
    return Refs(writes=writes).encode()


@pytest.mark.parametrize("fault", PASSING)
def test_a_write_survives(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, fault: Fault) -> None:
    proxy.add(fault, method="PUT", times=3)
    data = content(MESSAGE)
    assert faulty.put(NAME, data)
    assert sound.read(NAME) == data
    assert faulty.meter.operations["PutObject"] == proxy.counts()["PUT"] == 4


@pytest.mark.parametrize("fault", [*PASSING, CutReply(1000), CutReply(200_000)], ids=str)
def test_a_read_survives(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, fault: Fault) -> None:
    data = content(MESSAGE)
    sound.put(NAME, data)
    proxy.add(fault, method="GET", times=3)
    assert faulty.read(NAME) == data
    assert faulty.read(NAME, 1000, 250_000) == data[1000:251_000]


def test_a_read_goes_on_where_it_was_cut(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
    data = content(2_000_000)
    sound.put(NAME, data)
    proxy.add(CutReply(100_000), method="GET")
    faulty = S3Blobs(replace(faulty.settings, retries=0))
    assert faulty.read(NAME) == data
    assert faulty.meter.traffic.received < 2 * len(data)
    assert proxy.log[3].headers["range"].startswith("bytes=")


def test_what_always_breaks_is_given_up(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
    sound.put(NAME, content(MESSAGE))
    proxy.add(CutReply(10), method="GET")
    with pytest.raises(StorageError, match=r"cannot read s3://bucket-.*/team/data/packs/ab/abab"):
        faulty.read(NAME)
    assert faulty.meter.traffic.requests <= 10


def test_a_storm_is_waited_out(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
    storm = proxy.add(Answer(503, "SlowDown"), times=40)
    names = [f"packs/ab/{number:064x}.pack" for number in range(16)]
    threads = [threading.Thread(target=faulty.put, args=(name, b"x")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storm.happened == 40
    assert sorted(blob.name for blob in sound.list("packs/")) == names


def test_a_storm_without_end(faulty: S3Blobs, proxy: FaultProxy) -> None:
    proxy.add(Answer(503, "SlowDown"))
    with pytest.raises(StorageError, match="asks to slow down") as caught:
        faulty.put(NAME, b"x")
    assert caught.value.hint
    assert len(proxy.log) == 9


def test_a_name_that_is_taken_is_told_also_after_a_lost_reply(
    faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
) -> None:
    sound.put(NAME, b"first")
    proxy.add(LoseReply(), method="PUT", times=1)
    assert not faulty.put(NAME, b"other")
    assert sound.read(NAME) == b"first"


def test_flipped_and_cut_bytes_are_the_callers_to_find(
    faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
) -> None:
    data = content(MESSAGE)
    sound.put(NAME, data)
    proxy.add(Damage(flip(500)), method="GET", times=1)
    assert faulty.read(NAME) != data
    proxy.add(Damage(truncate(1000)), method="GET", times=2)
    assert faulty.read(NAME, 0, MESSAGE) == data


def test_a_damaged_index_is_not_kept(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
    data = content(5000)
    name = f"index/{file_id(data)}.arrow"
    sound.put(name, data)
    proxy.add(Damage(flip(70)), method="GET", times=1)
    assert bytes(faulty.view(name)) != data
    assert bytes(faulty.view(name)) == data
    asked = len(proxy.log)
    assert bytes(faulty.view(name)) == data
    assert len(proxy.log) == asked


def test_a_kept_index_that_was_damaged_is_fetched_again(
    faulty: S3Blobs, sound: S3Blobs, tmp_path: Path
) -> None:
    data = content(5000)
    name = f"index/{file_id(data)}.arrow"
    sound.put(name, data)
    faulty.view(name)
    (tmp_path / "local" / name).write_bytes(data[:100])
    assert bytes(faulty.view(name)) == data
    assert list((tmp_path / "local" / "tmp").iterdir()) == []


@pytest.mark.parametrize("status", [200, 206, 404, 500])
def test_endless_bytes(faulty: S3Blobs, proxy: FaultProxy, status: int) -> None:
    proxy.add(Endless(status=status))
    faulty = S3Blobs(replace(faulty.settings, retries=1))
    with pytest.raises((Corrupt, StorageError)):
        faulty.read(NAME)
    with pytest.raises((Corrupt, StorageError)):
        faulty.view(NAME)
    with pytest.raises((Corrupt, StorageError)):
        list(faulty.list("packs/"))
    with pytest.raises((Corrupt, StorageError)):
        faulty.load()


def test_no_more_is_read_than_was_asked_for(faulty: S3Blobs, proxy: FaultProxy) -> None:
    proxy.add(Endless())
    assert faulty.read(NAME, 0, 1000) == bytes(1000)
    assert faulty.meter.traffic.received == 1000
    with pytest.raises(StorageError, match="ranges"):
        faulty.read(NAME, 10, 1000)


def test_a_listing_that_lags(faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
    other = "packs/cd/" + "cd" * 32 + ".pack"
    sound.put(NAME, b"x")
    sound.put(other, b"y")
    proxy.add(Damage(unlisted("packs/cd/")), query="list-type", times=1)
    assert [blob.name for blob in faulty.list("packs/")] == [NAME]
    assert sorted(blob.name for blob in faulty.list("packs/")) == [NAME, other]


def test_foreign_keys_are_not_listed(bucket: Bucket, sound: S3Blobs) -> None:
    client = bucket.server.client
    for key in ("team/data/packs/A B", "team/data/packs/x/..hidden", "team/data/packs2/x", "other/packs/x"):
        client.put_object(Bucket=bucket.name, Key=key, Body=b"x")
    sound.put(NAME, b"x")
    assert [blob.name for blob in sound.list("packs/")] == [NAME]


def test_a_long_listing(sound: S3Blobs) -> None:
    names = [f"packs/ab/{number:064x}.pack" for number in range(1100)]
    threads = [
        threading.Thread(target=lambda some: [sound.put(name, b"") for name in some], args=(names[n::8],))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = sound.meter.operations.get("ListObjectsV2", 0)
    assert sorted(blob.name for blob in sound.list("packs/")) == names
    assert sound.meter.operations["ListObjectsV2"] - before == 2


class TestSwap:
    @pytest.mark.parametrize("fault", PASSING)
    def test_the_first_one_survives(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, fault: Fault
    ) -> None:
        proxy.add(fault, method="PUT", times=2)
        faulty.swap(None, b"anything")
        assert sound.load() == b"anything"

    @pytest.mark.parametrize("fault", PASSING)
    def test_a_later_one_survives(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, fault: Fault
    ) -> None:
        sound.swap(None, b"one")
        proxy.add(fault, method="PUT", times=2)
        assert faulty.load() == b"one"
        faulty.swap(b"one", b"two")
        assert sound.load() == b"two"
        faulty.swap(b"two", b"three")
        assert sound.load() == b"three"

    def test_a_lost_reply_is_no_conflict_though_others_wrote_on_top(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        first, mine, theirs = refs("a"), refs("a", "mine"), refs("a", "mine", "theirs")
        sound.swap(None, first)
        assert faulty.load() == first
        lost = proxy.add(LoseReply(), method="PUT")

        done = threading.Event()

        def write_on_top() -> None:
            while sound.load() != mine:
                pass
            sound.swap(mine, theirs)
            done.set()
            proxy.clear()

        threading.Thread(target=write_on_top).start()
        faulty.swap(first, mine)
        assert lost.happened
        assert done.wait(10)
        assert sound.load() == theirs

    def test_somebody_else_was_faster_and_the_reply_is_lost(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        first = refs("a")
        sound.swap(None, first)
        assert faulty.load() == first
        sound.swap(first, refs("a", "theirs"))
        proxy.add(LoseReply(), method="PUT", times=1)
        with pytest.raises(RefMoved):
            faulty.swap(first, refs("a", "mine"))
        assert sound.load() == refs("a", "theirs")

    def test_the_same_bytes_of_somebody_else_are_a_conflict(self, faulty: S3Blobs, sound: S3Blobs) -> None:
        sound.swap(None, b"one")
        assert faulty.load() == b"one"
        sound.swap(b"one", b"two")
        with pytest.raises(RefMoved):
            faulty.swap(b"one", b"two")

    def test_a_server_that_never_answers_again(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        sound.swap(None, b"one")
        assert faulty.load() == b"one"
        proxy.add(LoseReply())
        with pytest.raises(StorageError, match="is not known") as caught:
            faulty.swap(b"one", b"two")
        assert caught.value.hint
        assert sound.load() == b"two"

    def test_a_server_that_never_writes(self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy) -> None:
        sound.swap(None, b"one")
        proxy.add(Answer(500, "InternalError"), method="PUT")
        with pytest.raises(StorageError, match="InternalError"):
            faulty.swap(b"one", b"two")
        assert sound.load() == b"one"

    def test_a_server_that_refuses_without_reason(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        sound.swap(None, b"one")
        proxy.add(Answer(412, "PreconditionFailed"), method="PUT", times=1)
        faulty.swap(b"one", b"two")
        proxy.add(Answer(412, "PreconditionFailed"), method="PUT")
        with pytest.raises(StorageError, match="did not"):
            faulty.swap(b"two", b"three")

    def test_a_conflict_that_the_server_could_not_decide(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        sound.swap(None, b"one")
        proxy.add(Answer(409, "ConditionalRequestConflict"), method="PUT", times=2)
        faulty.swap(b"one", b"two")
        assert sound.load() == b"two"

    def test_reading_is_not_torn_when_it_is_replaced_meanwhile(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy
    ) -> None:
        one, two = b"1" * 400_000, b"2" * 400_000
        sound.swap(None, one)

        def replace_it(data: bytes) -> bytes:
            sound.swap(one, two)
            return data

        cut = proxy.add(CutReply(200_000), method="GET", times=1)
        proxy.add(Damage(replace_it), method="GET", key=REFS, times=1)
        assert faulty.load() == one  # the second half was asked for, and answered, before it was replaced
        assert cut.happened
        assert faulty.load() == two

        sound.swap(two, one)
        proxy.add(CutReply(200_000), method="GET", times=1)
        proxy.add(Answer(412, "PreconditionFailed"), method="GET", times=1)
        assert faulty.load() == one


class TestParts:
    SIZE = 2 * PART + 1000

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "large"
        path.write_bytes(content(self.SIZE))
        return path

    def test_one_request_a_part(self, faulty: S3Blobs, sound: S3Blobs, file: Path) -> None:
        assert faulty.send(NAME, file)
        assert dict(faulty.meter.operations) == {
            "ListMultipartUploads": 1,
            "CreateMultipartUpload": 1,
            "UploadPart": 3,
            "CompleteMultipartUpload": 1,
        }
        assert sound.read(NAME) == file.read_bytes()
        assert not sound.send(NAME, file)
        assert sound.abort_uploads(1e12) == 0

    @pytest.mark.parametrize("fault", PASSING[1:5])
    @pytest.mark.parametrize("query", ["uploads", "partNumber", "uploadId=[^&]*$"])
    def test_it_survives(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, file: Path, fault: Fault, query: str
    ) -> None:
        happens = proxy.add(fault, query=query, times=2)
        assert faulty.adopt(NAME, file)
        assert not file.exists()
        assert sound.read(NAME) == content(self.SIZE)
        assert happens.happened == 2

    def test_what_arrived_is_not_sent_again(
        self, bucket: Bucket, sound: S3Blobs, proxy: FaultProxy, file: Path
    ) -> None:
        settings = bucket.settings(endpoint_url=proxy.endpoint, concurrency=1, retries=0)
        proxy.add(CutRequest(5000), query="partNumber", first=2)
        with pytest.raises(StorageError):
            S3Blobs(settings).adopt(NAME, file)
        assert file.exists()
        assert bucket.keys() == {}
        proxy.clear()
        again = S3Blobs(settings)
        assert again.adopt(NAME, file)
        assert again.meter.operations["UploadPart"] == 2
        assert "CreateMultipartUpload" not in again.meter.operations
        assert sound.read(NAME) == content(self.SIZE)

    def test_parts_of_another_size_are_sent_again(self, bucket: Bucket, sound: S3Blobs, file: Path) -> None:
        client = bucket.server.client
        key = f"team/data/{NAME}"
        upload = client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
        client.upload_part(Bucket=bucket.name, Key=key, UploadId=upload, PartNumber=2, Body=bytes(5 << 20))
        assert sound.send(NAME, file)
        assert sound.meter.operations["UploadPart"] == 3
        assert sound.read(NAME) == content(self.SIZE)

    def test_an_upload_that_somebody_took_away(
        self, faulty: S3Blobs, sound: S3Blobs, proxy: FaultProxy, file: Path
    ) -> None:
        proxy.add(Answer(404, "NoSuchUpload"), query="partNumber", times=1)
        assert faulty.send(NAME, file)
        assert sound.read(NAME) == content(self.SIZE)

    def test_two_who_send_the_same(self, bucket: Bucket, sound: S3Blobs, file: Path) -> None:
        stores = [S3Blobs(bucket.settings()) for _ in range(3)]
        told: list[bool] = []
        threads = [
            threading.Thread(target=lambda store: told.append(store.send(NAME, file)), args=(store,))
            for store in stores
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 3
        assert sound.read(NAME) == content(self.SIZE)
        assert sound.abort_uploads(1e12) == 0
        assert not sound.send(NAME, file)

    def test_leftovers_are_taken_back(self, bucket: Bucket, sound: S3Blobs) -> None:
        client = bucket.server.client
        client.create_multipart_upload(Bucket=bucket.name, Key=f"team/data/{NAME}")
        client.create_multipart_upload(Bucket=bucket.name, Key="not/ours")
        assert sound.abort_uploads(0) == 0
        assert sound.abort_uploads(1e12) == 1
        left = client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
        assert [one["Key"] for one in left] == ["not/ours"]


class TestConditions:
    def test_this_server_keeps_them(self, bucket: Bucket, sound: S3Blobs) -> None:
        assert sound.conditions() == Conditions(create_only=True, compare_and_swap=True, in_parts=True)
        assert bucket.keys() == {}
        assert sound.meter.traffic.requests <= 12

    @pytest.mark.parametrize(
        ("where", "kept"),
        [
            ({"method": "PUT"}, Conditions(create_only=False, compare_and_swap=False, in_parts=True)),
            ({"method": "POST"}, Conditions(create_only=True, compare_and_swap=True, in_parts=False)),
            ({}, Conditions(create_only=False, compare_and_swap=False, in_parts=False)),
        ],
    )
    def test_a_server_that_ignores_them(
        self, bucket: Bucket, faulty: S3Blobs, proxy: FaultProxy, where: dict[str, str], kept: Conditions
    ) -> None:
        proxy.add(Unconditional(), **where)
        assert faulty.conditions() == kept
        assert not kept.safe
        assert bucket.keys() == {}

    def test_a_server_that_does_not_know_them(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Answer(501, "NotImplemented"), header="if-none-match")
        assert not faulty.conditions().safe


class TestWords:
    """Each failure says what to do."""

    def test_no_bucket(self, bucket: Bucket) -> None:
        with pytest.raises(NotFound, match="there is no bucket nobody-has-this"):
            S3Blobs(replace(bucket.settings(), bucket="nobody-has-this")).load()

    def test_no_credentials(self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(UserError, match="no usable credentials") as caught:
            S3Blobs(bucket.settings()).load()
        assert "AWS_PROFILE" in str(caught.value.hint)

    def test_wrong_profile(self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(UserError, match="nobody"):
            S3Blobs(bucket.settings()).load()

    @pytest.mark.parametrize(
        ("key", "secret", "says"),
        [
            ("unknown", "secret", "does not know the access key"),
            (READER_KEY, "other", "secret key does not belong"),
        ],
    )
    def test_wrong_credentials(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, key: str, secret: str, says: str
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        with pytest.raises(UserError, match=says):
            S3Blobs(bucket.settings()).load()

    def test_access_denied(self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER_KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READER_SECRET)
        with pytest.raises(UserError, match=f"cannot write .*{NAME}: access denied") as caught:
            S3Blobs(bucket.settings()).put(NAME, b"x")
        assert "s3:PutObject" in str(caught.value.hint)

    def test_wrong_region(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        answer = Answer(
            400,
            "AuthorizationHeaderMalformed",
            "the region 'us-east-1' is wrong; expecting 'eu-west-3'",
            more="<Region>eu-west-3</Region>",
        )
        proxy.add(answer)
        with pytest.raises(UserError, match="eu-west-3") as caught:
            faulty.put(NAME, b"x")
        assert "region eu-west-3" in str(caught.value.hint)

    def test_redirect(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Answer(301, "PermanentRedirect", more="<Endpoint>elsewhere.example</Endpoint>"), key=".+")
        with pytest.raises(UserError, match=r"another region.*elsewhere\.example"):
            faulty.put(NAME, b"x")

    def test_redirect_in_a_circle(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Answer(301, "PermanentRedirect"))
        with pytest.raises(UserError, match="in a circle"):
            faulty.put(NAME, b"x")

    def test_clock_skew(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Answer(403, "RequestTimeTooSkewed", headers={"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}))
        with pytest.raises(UserError, match=r"clock is [0-9]+ min ahead of the server"):
            faulty.put(NAME, b"x")

    def test_nobody_listens(self, bucket: Bucket) -> None:
        settings = bucket.settings(endpoint_url="http://127.0.0.1:1", retries=1)
        with pytest.raises(StorageError, match=r"cannot connect at http://127\.0\.0\.1:1"):
            S3Blobs(settings).load()

    def test_no_such_host(self, bucket: Bucket) -> None:
        settings = bucket.settings(endpoint_url="http://nowhere.invalid", retries=0)
        with pytest.raises(StorageError, match="cannot connect"):
            S3Blobs(settings).load()

    def test_silence(self, bucket: Bucket) -> None:
        import socket

        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with pytest.raises(StorageError, match=r"no answer within 0\.2 s"):
                S3Blobs(bucket.settings(endpoint_url=address, retries=1, timeout=0.2)).load()

    def test_no_tls(self, bucket: Bucket) -> None:
        address = bucket.endpoint.replace("http:", "https:")
        with pytest.raises(StorageError, match="no secure connection"):
            S3Blobs(bucket.settings(endpoint_url=address, retries=0)).load()

    def test_no_such_certificates(self, bucket: Bucket, tmp_path: Path) -> None:
        address = bucket.endpoint.replace("http:", "https:")
        with pytest.raises(BadConfig) as caught:
            S3Blobs(bucket.settings(endpoint_url=address, ca_bundle=tmp_path / "none.pem")).load()
        assert "ca_bundle" in str(caught.value.hint)

    @pytest.mark.parametrize("address", ["nonsense", "http://", "ftp://x"])
    def test_no_address(self, bucket: Bucket, address: str) -> None:
        with pytest.raises((BadConfig, StorageError)):
            S3Blobs(bucket.settings(endpoint_url=address, retries=0)).load()

    def test_what_the_server_says_is_shown_without_control(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Answer(418, "Odd", "a&#10;b " + "x" * 5000))
        with pytest.raises(StorageError) as caught:
            faulty.put(NAME, b"x")
        assert "Odd: a b x" in caught.value.message
        assert len(caught.value.message) < 500
        assert caught.value.message.isprintable()

    def test_garbage(self, faulty: S3Blobs, proxy: FaultProxy) -> None:
        proxy.add(Damage(lambda _: b"<not xml"), query="list-type")
        with pytest.raises(StorageError):
            list(faulty.list("packs/"))

    def test_names_that_no_blob_has(self, sound: S3Blobs) -> None:
        for name in ("../x", "packs/../refs", "refs", "/x/y", "packs//x", "packs/X"):
            with pytest.raises(StorageError, match="no name for a blob"):
                sound.read(name)
        assert sound.meter.traffic.requests == 0
