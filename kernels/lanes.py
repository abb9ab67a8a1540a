"""Vectors of float32 for code compiled by Numba: loaded, stored and multiplied as the processor's registers hold them."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model


class Lanes(types.Type):
    """Numba type of `count` float32 numbers in vector registers."""

    def __init__(self, count: int) -> None:
        super().__init__(name=f"Lanes({count})")
        self.count = count


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Lanes are an LLVM vector; LLVM splits it into the registers the processor has."""

    def __init__(self, manager, lanes: Lanes) -> None:
        super().__init__(manager, lanes, ir.VectorType(ir.FloatType(), lanes.count))


def _address(context, builder, array_type, array, index, count: int):
    first = builder.gep(context.make_array(array_type)(context, builder, array).data, [index])
    return builder.bitcast(first, ir.VectorType(ir.FloatType(), count).as_pointer())


def _apply(builder, name: str, vector, *args):
    """An LLVM intrinsic on vectors of one type, with a result of that type."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * len(args)), f"{name}.v{vector.count}f32")
    return builder.call(function, args)


def _copies(builder, vector, number):
    """A vector that holds one number in every lane."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


def _sum(builder, lanes):
    """The sum of a vector's lanes, in whatever order is fastest."""
    number, name = ir.FloatType(), f"llvm.vector.reduce.fadd.v{lanes.type.count}f32"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, [number, lanes.type]), name)
    return builder.call(function, [ir.Constant(number, -0.0), lanes], fastmath=("reassoc",))


@intrinsic(prefer_literal=True)
def zeros(typing, count):
    """`count` lanes of zero."""
    lanes = Lanes(count.literal_value)
    return lanes(count), lambda context, builder, signature, args: ir.Constant(context.get_value_type(lanes), None)


@intrinsic
def load(typing, array, index, like):
    """array[index : index + lanes of `like`]."""

    def generate(context, builder, signature, args):
        loaded = builder.load(_address(context, builder, signature.args[0], *args[:2], like.count))
        loaded.align = 4
        return loaded

    return like(array, types.int64, like), generate


@intrinsic
def store(typing, array, index, lanes):
    """array[index : index + lanes] = lanes."""

    def generate(context, builder, signature, args):
        stored = builder.store(args[2], _address(context, builder, signature.args[0], *args[:2], lanes.count))
        stored.align = 4
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), generate


@intrinsic
def multiply_add(typing, number, lanes, total):
    """number * lanes + total."""

    def generate(context, builder, signature, args):
        vector = args[1].type
        return _apply(builder, "llvm.fmuladd", vector, _copies(builder, vector, args[0]), *args[1:])

    return lanes(types.float32, lanes, lanes), generate


@intrinsic
def prefetch(typing, array, index):
    """Asks for array[index] ahead of its use; the index may lie anywhere."""

    def generate(context, builder, signature, args):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        first = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        function_type = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0i8")
        builder.call(function, [builder.bitcast(first, byte), number(0), number(3), number(1)])  # to read, into every cache, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def ticket(typing, array, index):
    """array[index] of int64 numbers before one was added to it; no other thread gets the same."""

    def generate(context, builder, signature, args):
        number = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        return builder.atomic_rmw("add", number, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(array, types.int64), generate


def _pointer(kind):
    """An intrinsic: a number that is an address -> a pointer to numbers of a kind."""

    @intrinsic
    def pointer(typing, address):
        def generate(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(kind)(types.int64), generate

    return pointer


floats_at, integers_at = _pointer(types.float32), _pointer(types.int64)


@intrinsic
def dot(typing, left, right):
    """Sum over the lanes of left * right."""

    def generate(context, builder, signature, args):
        return _sum(builder, builder.fmul(*args))

    return types.float32(left, right), generate


@intrinsic
def plus(typing, lanes, number):
    """lanes + number."""

    def generate(context, builder, signature, args):
        return builder.fadd(args[0], _copies(builder, args[0].type, args[1]))

    return lanes(lanes, types.float32), generate


@intrinsic
def added(typing, lanes):
    """The sum of all lanes."""
    return types.float32(lanes), lambda context, builder, signature, args: _sum(builder, args[0])


@intrinsic
def larger(typing, left, right):
    """The larger number of each lane; of a number and NaN the number."""
    return left(left, right), lambda context, builder, signature, args: _apply(builder, "llvm.maxnum", args[0].type, *args)


@intrinsic
def smaller(typing, left, right):
    """The smaller number of each lane; of a number and NaN the number."""
    return left(left, right), lambda context, builder, signature, args: _apply(builder, "llvm.minnum", args[0].type, *args)


@intrinsic
def largest(typing, lanes):
    """The largest number of all lanes; anything where one is NaN."""

    def generate(context, builder, signature, args):
        number, vector = ir.FloatType(), args[0].type
        function_type = ir.FunctionType(number, [vector])
        function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.vector.reduce.fmax.v{lanes.count}f32")
        return builder.call(function, args, fastmath=("nnan",))

    return types.float32(lanes), generate


@intrinsic
def exponential(typing, lanes):
    """e to the power of each lane, for lanes up to 0; below -87 it is 0. As exact as float32 (Cephes' polynomial)."""

    def generate(context, builder, signature, args):
        vector, integers = args[0].type, ir.VectorType(ir.IntType(32), lanes.count)

        def numbers(value):
            return ir.Constant(vector, [value] * lanes.count)

        def multiplied(left, right, added):
            return _apply(builder, "llvm.fmuladd", vector, left, right, added)

        power = _apply(builder, "llvm.floor", vector, multiplied(args[0], numbers(1.44269504), numbers(0.5)))  # of two
        rest = multiplied(power, numbers(-0.693359375), args[0])
        rest = multiplied(power, numbers(2.12194440e-4), rest)
        sum_ = numbers(1.9875691500e-4)
        for factor in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1.0, 1.0):
            sum_ = multiplied(sum_, rest, numbers(factor))
        bits = builder.add(builder.fptosi(power, integers), ir.Constant(integers, [127] * lanes.count))
        scale = builder.bitcast(builder.shl(bits, ir.Constant(integers, [23] * lanes.count)), vector)
        none = builder.fcmp_ordered("<", args[0], numbers(-87.0))
        return builder.select(none, numbers(0.0), builder.fmul(sum_, scale))

    return lanes(lanes), generate
