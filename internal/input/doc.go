// Package input reads captures: pcap, pcapng, snoop and ERF, plain or compressed, from
// files, URLs and standard input, with several files merged into one trace.
//
// Frames are not copied one by one: input is read in chunks of 1 MiB, and a
// packet is an offset into the chunk. One reader serves files, pipes and
// decompressors.
//
// Damage is reported with file, offset and reason, and everything before it is
// delivered.
//
// Not its job: looking into frames.
package input
