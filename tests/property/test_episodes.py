"""Episodes are the same however the looks are cut into batches, and lie within what was observed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.episodes.episodes import Episodes
from gilprof.analysis.episodes.rows import EpisodeKind, EpisodeRows
from gilprof.analysis.episodes.values import EpisodeSums, KeptEpisode
from gilprof.model import Batch
from tests.property.test_classify import facts, laws, summed
from tests.support.facts import INFO, cut


def own_frames(stacks: np.ndarray) -> np.ndarray:
    return stacks.astype(np.int64)


def found(batches: list[Batch]) -> EpisodeRows:
    """Every episode, sorted."""
    classifier, episodes = Classifier(INFO), Episodes(own_frames)
    parts = [episodes.feed(classifier.feed(batch.passes, batch.looks)).rows for batch in batches]
    parts += [episodes.feed(classifier.finish()).rows, episodes.finish().rows]
    rows = EpisodeRows.joined(parts)
    return rows.part(np.lexsort((rows.first_ns, rows.thread, rows.kind)))


def lengths(sums: EpisodeSums) -> dict[tuple[int, ...], tuple[float, ...]]:
    """Counts by kind, thread, frame and bin."""
    at, cells = sums.lengths, zip(sums.lengths.key.tolist(), sums.lengths.bin.tolist(), strict=True)
    keys = [(int(at.kind[key]), int(at.thread[key]), int(at.frame[key]), number) for key, number in cells]
    counts = zip(at.seen.tolist(), np.round(at.corrected, 9).tolist(), strict=True)
    return dict(zip(keys, counts, strict=True))


def worst(sums: EpisodeSums) -> list[KeptEpisode]:
    return sorted(sums.worst, key=lambda each: (each.kind, each.rank))


@laws
@given(facts(), st.data())
def test_cutting_into_batches_changes_nothing(batch: Batch, data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.integers(0, len(batch.passes)), max_size=8))
    whole, pieces = found([batch]), found(cut(batch, ends))
    for name in EpisodeRows.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name), err_msg=name)
    one, other = summed(batch).episodes, summed(*cut(batch, ends)).episodes
    assert lengths(one) == lengths(other)
    assert worst(one) == worst(other)


@laws
@given(facts())
def test_episodes_of_one_kind_do_not_overlap(batch: Batch) -> None:
    rows = found([batch])
    assert (rows.length_ns >= 0).all()
    turns = rows.part(rows.kind == EpisodeKind.TURN)
    turns = turns.part(np.argsort(turns.first_ns))
    assert (turns.first_ns[1:] > turns.last_ns[:-1]).all()
    waits = rows.part(rows.kind == EpisodeKind.WAIT)
    same = waits.thread[1:] == waits.thread[:-1]
    assert (waits.first_ns[1:] > waits.last_ns[:-1])[same].all()


@laws
@given(facts(), st.integers(0, 40))
def test_what_is_under_way_is_what_would_end_now_and_asking_changes_nothing(batch: Batch, at: int) -> None:
    first, *rest = cut(batch, [min(at, len(batch.passes))])
    classifier, asked, not_asked = Classifier(INFO), Episodes(own_frames), Episodes(own_frames)
    verdicts = classifier.feed(first.passes, first.looks)
    asked.feed(verdicts), not_asked.feed(verdicts)
    _same(asked.under_way().rows, asked.under_way().rows)
    under_way = asked.under_way().rows
    for piece in rest:
        verdicts = classifier.feed(piece.passes, piece.looks)
        _same(asked.feed(verdicts).rows, not_asked.feed(verdicts).rows)
    _same(asked.finish().rows, not_asked.finish().rows)
    alone = Episodes(own_frames)
    alone.feed(Classifier(INFO).feed(first.passes, first.looks))
    _same(under_way, alone.finish().rows)


def _same(one: EpisodeRows, other: EpisodeRows) -> None:
    for name in EpisodeRows.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
