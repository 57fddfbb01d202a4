//! Thumbnails: decoded on two threads of their own, within bounds of size and memory, so that no
//! picture can take the server with it.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Longest side of a thumbnail, in pixels: a grid of them on a screen of twice the usual density.
const SIDE_MAX: u32 = 720;
/// Longest side of a picture that is looked at, in pixels.
const DECODED_SIDE_MAX: u32 = 16_384;
/// Memory one picture may take while it is decoded, in bytes: 50 megapixels of 4 bytes, and some.
const DECODED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Pictures decoded at a time: their memory together stays below 512 MiB.
const AT_ONCE: usize = 2;
/// Quality of the JPEG, of 100: no blocks to be seen at twice the density.
const QUALITY: u8 = 80;

/// Makes thumbnails, a few at a time.
#[derive(Clone)]
pub(crate) struct Pictures {
    permits: Arc<Semaphore>,
}

/// What is known of a picture, upright.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size {
    /// In pixels.
    pub(crate) width: u32,
    /// In pixels.
    pub(crate) height: u32,
}

impl Pictures {
    pub(crate) fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Writes a thumbnail of the picture at `source` to `target` and tells the size of the original;
    /// `None` when it is no picture that can be decoded within the bounds.
    pub(crate) async fn thumbnail(
        &self,
        mime: &str,
        source: PathBuf,
        target: PathBuf,
    ) -> Option<Size> {
        let format = format(mime)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let made = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            make(format, &source, &target)
        });
        match made.await {
            Ok(Ok(size)) => Some(size),
            Ok(Err(e)) => {
                tracing::debug!("no thumbnail: {e}");
                None
            }
            Err(e) => {
                tracing::warn!("a picture made its decoder panic: {e}");
                None
            }
        }
    }
}

fn format(mime: &str) -> Option<ImageFormat> {
    match mime {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

fn make(format: ImageFormat, source: &Path, target: &Path) -> image::ImageResult<Size> {
    let mut reader = ImageReader::with_format(BufReader::new(File::open(source)?), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(DECODED_SIDE_MAX);
    limits.max_image_height = Some(DECODED_SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.check_dimensions(decoder.dimensions().0, decoder.dimensions().1)?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    let (full_width, full_height) = (picture.width(), picture.height());
    if full_width.max(full_height) > SIDE_MAX {
        picture = picture.thumbnail(SIDE_MAX, SIDE_MAX);
    }
    picture.apply_orientation(orientation);
    let size = match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => Size { width: full_height, height: full_width },
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => Size { width: full_width, height: full_height },
    };
    write(&picture, target)?;
    Ok(size)
}

/// PNG where something shines through, JPEG elsewhere: the reader of either is told by its bytes.
fn write(picture: &DynamicImage, target: &Path) -> image::ImageResult<()> {
    let mut out = BufWriter::new(File::create(target)?);
    if picture.color().has_alpha() {
        DynamicImage::from(picture.to_rgba8()).write_to(&mut out, ImageFormat::Png)?;
    } else {
        JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&picture.to_rgb8())?;
    }
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn thumbnail_of(name: &str, bytes: &[u8], mime: &str) -> Option<(Size, DynamicImage)> {
        let dir = tempfile::tempdir().expect("a directory");
        let (source, target) = (dir.path().join(name), dir.path().join("thumbnail"));
        std::fs::write(&source, bytes).expect("written");
        let size = make(format(mime)?, &source, &target).ok()?;
        let small = ImageReader::open(&target).and_then(ImageReader::with_guessed_format);
        Some((size, small.expect("opened").decode().expect("a picture")))
    }

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut out = std::io::Cursor::new(Vec::new());
        picture.into().write_to(&mut out, format).expect("encoded");
        out.into_inner()
    }

    #[test]
    fn a_large_picture_is_shrunk_and_keeps_its_shape() {
        let png = encoded(RgbImage::from_pixel(2_000, 1_000, Rgb([9, 9, 9])), ImageFormat::Png);
        let (size, small) = thumbnail_of("a", &png, "image/png").expect("a thumbnail");
        assert_eq!(size, Size { width: 2_000, height: 1_000 });
        assert_eq!((small.width(), small.height()), (720, 360));
    }

    #[test]
    fn what_shines_through_shines_through_the_thumbnail() {
        let png = encoded(RgbaImage::from_pixel(10, 10, Rgba([1, 2, 3, 0])), ImageFormat::Png);
        let (_, small) = thumbnail_of("a", &png, "image/png").expect("a thumbnail");
        assert!(small.color().has_alpha());
    }

    #[test]
    fn a_picture_taken_on_its_side_is_shown_upright() {
        let jpeg = encoded(RgbImage::from_pixel(40, 20, Rgb([9, 9, 9])), ImageFormat::Jpeg);
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut turned = jpeg[..2].to_vec();
        turned.extend_from_slice(&[0xff, 0xe1]);
        turned.extend_from_slice(&u16::try_from(exif.len() + 2).expect("short").to_be_bytes());
        turned.extend_from_slice(exif);
        turned.extend_from_slice(&jpeg[2..]);
        let (size, small) = thumbnail_of("a", &turned, "image/jpeg").expect("a thumbnail");
        assert_eq!(size, Size { width: 20, height: 40 });
        assert_eq!((small.width(), small.height()), (20, 40));
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_not_decoded() {
        let mut png = encoded(RgbImage::new(8, 8), ImageFormat::Png);
        png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        assert!(thumbnail_of("a", &png, "image/png").is_none());
    }

    #[test]
    fn what_is_no_picture_gets_no_thumbnail() {
        assert!(thumbnail_of("a", b"\x89PNG\r\n\x1a\n nonsense", "image/png").is_none());
        assert!(thumbnail_of("a", b"<svg/>", "image/svg+xml").is_none());
    }
}
