/* Stands for the library that a user's sketch names; TensorFlow Lite Micro is not in it. */
