// Package latest remembers the latest segments of a partition: [Frames], to recognize frames that were captured twice, and [Payloads], to recognize
// bytes that are sent again with other content.
//
// What it knows of a segment depends on what came, and on nothing else: where each is remembered is the same in every run, so that it can be told without
// the others what they displace; by what it is recognized is not, so that nobody can make two that are taken for one.
//
// Non-goals: whose a segment is, and what follows from a copy or a conflict (packages flow, conn).
package latest

import "math/rand/v2"

// seed is chosen once a run. Nothing that is output depends on it.
var seed = [3]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}
