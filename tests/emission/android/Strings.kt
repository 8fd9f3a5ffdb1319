package dev.edgewright.strings

/** Prints what the Kotlin compiler made of literals, as UTF-8 in hexadecimal digits. */
fun main() {
    for (text in LITERALS) {
        println(text.toByteArray(Charsets.UTF_8).joinToString("") { "%02x".format(it) })
    }
}
