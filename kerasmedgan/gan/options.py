"""Stage 2, GAN: the DCGAN without the options that came later."""

# Real images over which an adaptive probability can rise from 0 to 1.
ADAPTATION_IMAGES = 50_000

# Every option off, whatever the defaults are: what files mean that were saved before these were.
PLAIN = {
    "r1_weight": 0.0,
    "num_classes": None,
    "augmentation": None,
    "adaptive_target": None,
    "adaptation_images": ADAPTATION_IMAGES,
    "spectral_norm": False,
}
