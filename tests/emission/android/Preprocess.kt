package dev.edgewright.prepared

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Prepares the raw samples of a file: input, height, width, count, then the floats; little-endian. */
fun main(arguments: Array<String>) {
    for (name in arguments) {
        val raw = ByteBuffer.wrap(File(name).readBytes()).order(ByteOrder.LITTLE_ENDIAN)
        val (input, height, width, count) = List(4) { raw.getInt() }
        val length = height * width * EdgewrightModel.inputs[input].shape.last()
        File("$name.prepared").outputStream().use { stream ->
            repeat(count) {
                val values = FloatArray(length) { raw.getFloat() }
                val prepared = EdgewrightModel.preprocess(values, height, width, input)
                val bytes = ByteArray(prepared.capacity())
                prepared.get(bytes)
                stream.write(bytes)
            }
        }
    }
}
