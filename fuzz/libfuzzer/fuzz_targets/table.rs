#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| recordplayer_fuzz::exports::table(bytes));
