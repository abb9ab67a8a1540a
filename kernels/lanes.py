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
        vector = context.get_value_type(lanes)
        undefined = ir.Constant(vector, ir.Undefined)
        first = builder.insert_element(undefined, args[0], ir.Constant(ir.IntType(32), 0))
        copies = builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None))
        name = f"llvm.fmuladd.v{lanes.count}f32"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        return builder.call(function, [copies, *args[1:]])

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
def dot(typing, left, right):
    """Sum over the lanes of left * right."""

    def generate(context, builder, signature, args):
        number, vector = ir.FloatType(), context.get_value_type(left)
        name = f"llvm.vector.reduce.fadd.v{left.count}f32"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, [number, vector]), name)
        return builder.call(function, [ir.Constant(number, -0.0), builder.fmul(*args)], fastmath=("reassoc",))

    return types.float32(left, right), generate
