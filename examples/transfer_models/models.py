"""Transfer models: a frozen backbone with a small classifier on top."""

import keras

BACKBONES = {
    "efficientnetb4": (keras.applications.EfficientNetB4, 380),
    "resnet50": (keras.applications.ResNet50, 224),
    "densenet169": (keras.applications.DenseNet169, 224),
    "vgg16": (keras.applications.VGG16, 224),
    "mobilenetv2": (keras.applications.MobileNetV2, 224),
}


def build_classifier(backbone):
    constructor, size = BACKBONES[backbone]
    base = constructor(include_top=False, weights=None, input_shape=(size, size, 3))
    for layer in base.layers:
        layer.trainable = False
    x = keras.layers.GlobalAveragePooling2D()(base.output)
    x = keras.layers.Dropout(0.4)(x)
    x = keras.layers.Dense(1024, activation="relu")(x)
    return keras.Model(base.input, keras.layers.Dense(1, activation="sigmoid")(x))
