package dev.edgewright.tiny_digits

import android.content.res.AssetManager
import android.graphics.Bitmap
import android.graphics.Color
import androidx.test.platform.app.InstrumentationRegistry
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** The instrumented test of the module, and what needs Android's classes, under Robolectric. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], manifest = Config.NONE)
@GraphicsMode(GraphicsMode.Mode.LEGACY)
class OnThisComputerTest : EdgewrightModelInstrumentedTest() {
    private val context get() = InstrumentationRegistry.getInstrumentation().targetContext

    /** The archive's assets become the app's, as the build of an app merges them. */
    @Before
    fun installTheArchive() {
        val archive = checkNotNull(System.getProperty("edgewright.aar"))
        val add = AssetManager::class.java.getMethod("addAssetPath", String::class.java)
        assertTrue("$archive was not taken", add.invoke(context.assets, archive) as Int > 0)
    }

    private fun sample(): IntArray = IntArray(SIDE * SIDE) { Color.rgb(13 * it and 0xff, 7 * it and 0xff, 255 - it) }

    private fun bitmap(pixels: IntArray): Bitmap = Bitmap.createBitmap(pixels, SIDE, SIDE, Bitmap.Config.ARGB_8888)

    @Test
    fun assetsAreWhereTheClassLooks() {
        val labels = context.assets.open(EdgewrightModel.LABELS_FILE).use { it.bufferedReader().readLines() }
        EdgewrightModel.load(context).use { assertEquals(labels, it.labels) }
        val bytes = context.assets.open(EdgewrightModel.MODEL_FILE).use { it.readBytes() }
        assertEquals("TFL3", String(bytes, 4, 4, Charsets.US_ASCII))
    }

    @Test
    fun bitmapsArePreparedAsTheirGreyValues() {
        val pixels = sample()
        val grey = File(checkNotNull(System.getProperty("edgewright.grey"))).readText().split(" ").map(String::toFloat)
        val expected = EdgewrightModel.preprocess(grey.toFloatArray(), SIDE, SIDE)
        assertEquals(expected, EdgewrightModel.preprocess(bitmap(pixels)))
    }

    @Test
    fun bitmapRunsAsItsBuffer() {
        val image = bitmap(sample())
        EdgewrightModel.load(context).use { model ->
            val expected = model.run(EdgewrightModel.preprocess(image))
            assertEquals(expected.raw(), model.run(image).raw())
            assertEquals(expected.values().max(), model.run(image).categories().first().score)
        }
    }

    @Test
    fun gpuWithoutItsLibraryIsRefused() {
        val options = EdgewrightModel.Options(accelerator = EdgewrightModel.Accelerator.GPU)
        val error = assertThrows(IllegalStateException::class.java) { EdgewrightModel.load(context, options) }
        assertEquals(true, checkNotNull(error.message).contains("litert-gpu"))
    }

    @Test
    fun wrongBuffersAndModelsAreRefused() {
        val small = ByteBuffer.allocateDirect(1).order(ByteOrder.nativeOrder())
        val heap = ByteBuffer.allocate(EdgewrightModel.inputs[0].sizeBytes)
        EdgewrightModel.load(context).use { model ->
            for (inputs in listOf(arrayOf(), arrayOf(small), arrayOf(heap))) {
                assertThrows(IllegalArgumentException::class.java) { model.run(*inputs) }
            }
        }
        assertThrows(IllegalArgumentException::class.java) { EdgewrightModel.load(small) }
        assertThrows(IllegalArgumentException::class.java) { EdgewrightModel.Options(threads = 0) }
    }

    private companion object {
        const val SIDE = 9
    }
}
