package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"tcptrace/analyzer/apart"
)

// job is what is to be done, in each step the same.
type job struct {
	Output, Format string
	NoNames        bool
	By             string // what conversations are summed up by
	MSL            time.Duration
}

func (j *job) options() apart.Options { return apart.Options{NoNames: j.NoNames, MSL: j.MSL} }

// capture is a file, or some whose times overlap, which are read as one. It is known by its number.
type capture struct {
	Number   int64 // in the order of names
	Name     string
	With     []string // read with it
	Expected int64    // when all captures are thought to end
}

// outlined is a capture that was analyzed.
type outlined struct {
	Capture    capture
	Packets    int64
	Start, End int64
	Outline    []byte // an apart.Outline, as gob, without what it says of sockets
	Staged     bool   // there are records
}

// share is what a capture says of a share of all sockets.
type share struct {
	Number   int64  // of the capture
	Together bool   // it is read with others
	Data     []byte // an apart.Share
}

// crosses is what crosses in a capture, of a share of all sockets.
type crosses struct {
	Crossing []byte // as in a plan
}

// plan is what is to be done with a capture once all are known.
type plan struct {
	Capture  capture
	Staged   bool  // there are records
	Before   int64 // frames of those before it
	Span     apart.Span
	Crossing []byte // the sockets that cross, and where their conversations are completed (packCrossing)
}

// bundle is what is handed on of some sockets in a capture.
type bundle struct {
	Number int64 // of the capture
	Data   []byte
}

// trouble is why a capture, or what comes behind an offset in it, could not be read.
type trouble struct {
	File   string
	Offset int64 // -1: there is none
	Reason string
}

// tally is what was written.
type tally struct {
	Conversations int64
	Outcomes      []int64
	Crossing      int64
	Bytes         int64 // shuffled for those
	BytesAtHome   int64 // that waited where they are completed
}

// part is what some conversations add to the findings, and to the sums.
type part struct{ Found, Sums []byte }

func init() {
	for _, t := range []reflect.Type{
		reflect.TypeFor[capture](), reflect.TypeFor[outlined](), reflect.TypeFor[plan](), reflect.TypeFor[bundle](),
		reflect.TypeFor[share](), reflect.TypeFor[crosses](), reflect.TypeFor[trouble](), reflect.TypeFor[tally](), reflect.TypeFor[part](),
		reflect.TypeFor[listFn](), reflect.TypeFor[analyzeFn](), reflect.TypeFor[overlapFn](), reflect.TypeFor[planFn](), reflect.TypeFor[crossFn](), reflect.TypeFor[gatherFn](),
		reflect.TypeFor[packFn](), reflect.TypeFor[writeFn](), reflect.TypeFor[mergeFn](), reflect.TypeFor[summaryFn](),
	} {
		beam.RegisterType(t)
	}
	register.Emitter1[capture]()
	register.Emitter1[outlined]()
	register.Emitter1[trouble]()
	register.Emitter1[tally]()
	register.Emitter2[int64, share]()
	register.Emitter2[int64, bool]()
	register.Emitter2[int64, plan]()
	register.Emitter2[int64, crosses]()
	register.Emitter2[int64, bundle]()
	register.Emitter1[part]()
	register.Emitter2[int64, part]()
	register.Iter1[outlined]()
	register.Iter1[share]()
	register.Iter1[bool]()
	register.Iter1[plan]()
	register.Iter1[crosses]()
	register.Iter1[bundle]()
	register.Iter1[tally]()
	register.Iter1[part]()
	register.Iter1[trouble]()
}

// schemes are those of names of files that are not local.
var schemes = []string{"gs", "s3"}

// pipeline is all steps.
func (j *job) pipeline(globs []string) (*beam.Pipeline, error) {
	if j.Format != "parquet" && j.Format != "ndjson" {
		return nil, fmt.Errorf("--format is parquet or ndjson, not %q", j.Format)
	}
	if _, err := j.newSums(); err != nil {
		return nil, fmt.Errorf("--by: %w", err)
	}
	for _, name := range append(slices.Clone(globs), j.Output) {
		if scheme, _, ok := strings.Cut(name, "://"); ok && !slices.Contains(schemes, scheme) {
			return nil, fmt.Errorf("%s: files are read and written here, and at %s://", name, strings.Join(schemes, ":// and "))
		}
	}
	p, s := beam.NewPipelineWithRoot()
	captures := beam.Reshuffle(s, beam.ParDo(s, &listFn{Globs: globs}, beam.Impulse(s)))
	analyze := &analyzeFn{Job: *j}
	singles, shares, troubles := beam.ParDo3(s.Scope("Analyze"), analyze, captures)

	together := beam.ParDo(s.Scope("Overlap"), &overlapFn{}, atOnce(s, singles))
	groups, sharesOfGroups, troublesInGroups := beam.ParDo3(s.Scope("AnalyzeTogether"), analyze, beam.Reshuffle(s, together))

	outlines := beam.Flatten(s, singles, groups)
	begun, ready := beam.ParDo2(s.Scope("Plan"), &planFn{Job: *j}, atOnce(s, outlines))
	crossing := beam.ParDo(s.Scope("Cross"), &crossFn{Job: *j}, beam.CoGroupByKey(s, ready, beam.Flatten(s, shares, sharesOfGroups)))
	plans := beam.ParDo(s.Scope("Gather"), &gatherFn{}, beam.CoGroupByKey(s, begun, crossing))
	bundles := beam.ParDo(s.Scope("Pack"), &packFn{Job: *j}, plans)
	written, totals := beam.ParDo2(s.Scope("Write"), &writeFn{Job: *j}, beam.CoGroupByKey(s, plans, bundles))
	merged := beam.ParDo(s.Scope("Merge"), &mergeFn{Job: *j}, beam.GroupByKey(s, totals))
	beam.ParDo0(s.Scope("Summary"), &summaryFn{Job: *j}, atOnce(s, outlines, written, merged, beam.Flatten(s, troubles, troublesInGroups)))
	return p, nil
}

// atOnce is all that is in some collections, for one call of a step. As side inputs they are the same, but while a step with side inputs is at work Prism
// looks again and again, with one processor for itself, whether it has more to do.
func atOnce(s beam.Scope, collections ...beam.PCollection) beam.PCollection {
	for i := range collections {
		collections[i] = beam.AddFixedKey(s, collections[i])
	}
	if len(collections) == 1 {
		return beam.GroupByKey(s, collections[0])
	}
	return beam.CoGroupByKey(s, collections...)
}
