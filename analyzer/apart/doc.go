// Package apart analyzes the files of one capture separately, on any number of machines, and completes the conversations that span several
// files, so that the result is the same as that of one analysis of all files.
//
// There are three steps:
//
//   - [Analyze] reads one file and hands out the conversations that are over by its end or at a known time, or that will be open when all
//     files are expected to end. It also returns which sockets the file has anything about, and until when conversations are open
//     (Outline.Sockets, Outline.Open).
//   - When the outlines of all files are known, [Layout.Crossing] says which sockets cross from one file to another. If there are many,
//     this is done for one share of the sockets at a time ([Outline.Shares]). The conversations of these sockets that Analyze handed out
//     must be dropped. [Pack] reads a file once more and packs only their segments, in bundles for the file
//     where they are completed ([Crossing]).
//   - [Joiner.Join] gets what was packed for a pair of sockets in all files, and hands out its conversations.
//
// This works because the result for a conversation depends on time and on the segments of its own sockets, and on little else. The rest
// is packed with the segments (whether an equal frame passed just before, whether other payloads displaced the one remembered, ICMP errors,
// names) or left out, as beam/README.md explains: the bounds on all conversations together, names from DNS answers in another file, and IP
// fragments in two files.
//
// Not its job: reading files, transport between machines, writing records.
package apart
