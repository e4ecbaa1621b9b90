package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// What a step costs, as it was measured on one machine (README.md): processor time, for the larger part of a job of files of ten minutes.
const (
	perFile       = 25 * time.Millisecond   // a bundle of the engine, memory for the tables
	perPacket     = 900 * time.Nanosecond   // the first pass, with the record
	perPacketRead = 140 * time.Nanosecond   // the second, which only decodes
	perRow        = 4 * time.Microsecond    // a record of it is written
	perSocket     = 150 * time.Nanosecond   // what crosses is found out
	perMerge      = 15 * time.Millisecond   // what a file comes to is merged with others
	perCrossing   = 1200 * time.Nanosecond  // a segment is packed and unpacked and tracked once more
	perPacked     = 300 * time.Nanosecond   // of that, packed
	bytesASegment = 4                       // as it is shuffled
	bytesASocket  = 4                       // as each file tells of it
	perFetch      = 1500 * time.Millisecond // 150 MB come from an object store at 100 MB/s
)

// workers is when each of them is free, the earliest first.
type workers []time.Duration

func (w workers) Len() int           { return len(w) }
func (w workers) Less(i, j int) bool { return w[i] < w[j] }
func (w workers) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *workers) Push(x any)        { *w = append(*w, x.(time.Duration)) }
func (w *workers) Pop() any          { x := (*w)[len(*w)-1]; *w = (*w)[:len(*w)-1]; return x }

// step has workers do tasks from a moment on, each the next that is left. Some tasks fail when they are half done, and are done again. It returns
// when all are done, and what they took of the workers.
func step(r *rand.Rand, n int, from time.Duration, tasks []time.Duration, failing float64) (end, work time.Duration) {
	w := make(workers, n)
	for i := range w {
		w[i] = from
	}
	queue := slices.Clone(tasks)
	for len(queue) > 0 {
		task := queue[0]
		queue = queue[1:]
		took := task
		if r.Float64() < failing {
			took = task / 2
			queue = append(queue, task)
		}
		w[0] += took
		work += took
		end = max(end, w[0])
		heap.Fix(&w, 0)
	}
	return end, work
}

// simulated is what came of a job.
type simulated struct {
	makespan, work    time.Duration
	shuffled, largest int64 // bytes: in all, and of what is handed on to one file
	crossing          int64
}

// simulate is a job of files of some million packets each, a share of whose conversations crosses; how long those are is as uneven as in captures.
func simulate(files, n int, crossing, failing float64) (s simulated) {
	r := rand.New(rand.NewPCG(1, uint64(files)))
	const packetsOfConversation = 65
	var analyze, cross, second, writes, merges []time.Duration
	bytes, segments, rows, sockets := make([]int64, files), make([]int64, files), make([]int64, files), int64(0)
	for file := range files {
		packets := int64(1.5e6 * (0.5 + r.Float64()))
		conversations := packets / packetsOfConversation
		sockets += conversations
		packed := int64(0)
		for range int64(float64(conversations) * crossing) {
			of := int64(min(5e5, 20*math.Pow(1-r.Float64(), -1/1.35))) // Pareto: most are short
			packed += of
			home, away := file, of*int64(r.IntN(500))/1000 // the smaller part, which is that of the next file, or of this one
			if r.IntN(2) == 0 && file+1 < files {
				home++
			}
			bytes[home] += 20 + away*bytesASegment
			segments[home] += of
			s.crossing++
		}
		analyze = append(analyze, perFile+perFetch+time.Duration(packets)*perPacket)
		second = append(second, perFile+perFetch+time.Duration(packets)*perPacketRead+time.Duration(packed)*perPacked)
		rows[file] = conversations
	}
	for file := range bytes {
		writes = append(writes, perFile+time.Duration(rows[file])*perRow+time.Duration(segments[file])*(perCrossing-perPacked))
		s.shuffled += bytes[file]
		s.largest = max(s.largest, bytes[file])
	}
	s.shuffled += sockets * bytesASocket
	for range numShares {
		cross = append(cross, perFile+time.Duration(sockets/numShares)*perSocket)
	}
	for at := 0; at < files; at += mergedAtOnce {
		merges = append(merges, perFile+mergedAtOnce*perMerge)
	}
	merges = append(merges, time.Duration(len(merges))*perMerge) // the last one, while most have nothing to do
	for _, tasks := range [][]time.Duration{analyze, cross, second, writes, merges[:len(merges)-1], merges[len(merges)-1:]} {
		end, work := step(r, n, s.makespan, tasks, failing)
		s.makespan, s.work = end, s.work+work
	}
	return s
}

// A job of 1,000 files on 100 workers keeps these at work, whatever fails now and then; to no file much more is handed on than to the others, however uneven
// conversations are. README.md shows these numbers.
func TestSimulation(t *testing.T) {
	for _, c := range []struct {
		files, workers    int
		crossing, failing float64
		busy              float64 // at least
	}{
		{1000, 1, 0.02, 0, 0.99},
		{1000, 10, 0.02, 0, 0.95},
		{1000, 100, 0.02, 0, 0.8},
		{1000, 100, 0.02, 0.01, 0.75},
		{1000, 100, 0.3, 0, 0.8},
		{10000, 100, 0.02, 0, 0.8},
	} {
		s := simulate(c.files, c.workers, c.crossing, c.failing)
		busy := float64(s.work) / float64(s.makespan) / float64(c.workers)
		t.Logf("%5d files, %3d workers, %3.0f %% cross, %.0f %% fail: %6.1f minutes, %5.1f hours of work, busy %3.0f %%; shuffled %5.2f GB, most to one file %5.2f MB",
			c.files, c.workers, 100*c.crossing, 100*c.failing, s.makespan.Minutes(), s.work.Hours(), 100*busy, float64(s.shuffled)/1e9, float64(s.largest)/1e6)
		if busy < c.busy {
			t.Errorf("%+v: the workers are busy for %.0f %% of the time", c, 100*busy)
		}
		if mean := float64(s.shuffled) / float64(c.files); float64(s.largest) > 10*mean {
			t.Errorf("%+v: to one file %d bytes are handed on, of %.0f in the mean", c, s.largest, mean)
		}
	}
}
