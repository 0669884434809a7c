//! Google Photos client and photomove sink.
