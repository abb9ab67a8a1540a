"""Work is shared among threads, those of a server too, and their number changes no bit of the answer."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from numba import carray, cfunc, types

from kernels import deformable_attention
from kernels.lanes import integers_at, ticket
from kernels.threads import portion, spread
from tests.kernels.problems import differentiate, problem


def test_python_threads_do_not_disturb_each_other():
    """A server answers several visitors at once."""
    tasks = [problem(1, ((16, 16), (8, 8)), 340, 4, 8, 4, seed=seed) for seed in range(8)]
    alone = [differentiate(deformable_attention, task) for task in tasks]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda task: differentiate(deformable_attention, task), tasks * 3))
    for one, other in zip(alone * 3, together, strict=True):
        assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_number_of_threads_changes_no_bit(threads):
    task = problem(2, ((24, 24), (8, 8)), 640, 4, 8, 4)
    found = []
    for count in (1, 3):
        threads(count)
        found.append(differentiate(deformable_attention, task))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.fixture(scope="module")
def mark():
    """The address of compiled work: writes begin, end and the thread's own count of parts for every part that it took."""

    def parts(pointer):
        task = carray(pointer, (6,))
        begin, end = portion(task)
        done = carray(integers_at(task[4]), (task[5],))
        while begin < end:
            for thing in range(begin, end):
                done[2 * thing] += 1
                done[2 * thing + 1] = begin
            for _ in range(task[3]):  # so slow that every thread comes to take some
                done[-1] = ticket(done, done.size - 2)
            begin, end = portion(task)

    return cfunc(types.void(types.CPointer(types.int64)))(parts)


@pytest.mark.parametrize("way", ["PyTorch's threads", "a pool"])
@pytest.mark.parametrize(("count", "smallest", "allowed", "parts"), [(100, 1, 1, 1), (100, 1, 3, 12), (100, 40, 3, 2), (0, 1, 3, 0)])
def test_work_is_done_once_in_as_many_parts_as_threads_can_use(way, count, smallest, allowed, parts, mark, threads, monkeypatch):
    if way == "a pool":
        monkeypatch.setattr("kernels.threads._runtime", lambda: None)
    threads(allowed)
    done = torch.zeros(2 * count + 2, dtype=torch.int64)
    spread(mark.address, count, smallest, [1000], [done])
    times, begins = done[: 2 * count].view(-1, 2).unbind(1)
    assert (times == 1).all() and len(set(begins.tolist())) == parts


def test_a_forked_child_makes_threads_of_its_own():
    """OpenMP's threads stay behind in the parent; whoever waits for them waits for ever."""
    program = """if True:
        import os, torch
        from kernels import deformable_attention
        torch.set_num_threads(2)
        arguments = torch.ones(1, 64, 8, 8), ((8, 8),), torch.rand(1, 400, 8, 1, 4, 2), torch.ones(1, 400, 8, 1, 4)
        wanted = deformable_attention(*arguments)
        child = os.fork()
        if not child:
            os._exit(0 if torch.equal(deformable_attention(*arguments), wanted) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)
