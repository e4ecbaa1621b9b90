// Command tcptrace-beam analyzes captures with the engine that somebody has (Apache Beam: Prism, Flink, Spark, Dataflow): many files, on many
// machines. The records are those of tcptrace on one machine (README.md says where they are not).
//
// Not its job: anything about TCP (package apart of tcptrace).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "tcptrace-beam:", err)
		os.Exit(1)
	}
}

func start() error {
	var o job
	input := flag.String("input", "", "the captures: `globs`, with commas between them, of local files, gs:// or s3://")
	flag.StringVar(&o.Output, "output", "", "the `directory` that results are written to")
	flag.StringVar(&o.Format, "format", "parquet", "how conversations are written: parquet or ndjson")
	flag.StringVar(&o.By, "by", "", "sum conversations up by these `keys`, as 'tcptrace summary --by' does: server,outcome")
	flag.BoolVar(&o.NoNames, "no-names", false, "do not look for names of servers")
	flag.DurationVar(&o.MSL, "msl", 0, "half the time that TIME_WAIT lasts (30s)")
	flag.Parse()
	beam.Init()
	if *input == "" || o.Output == "" || flag.NArg() > 0 {
		return fmt.Errorf("--input and --output are needed, and nothing else: --input 'captures/*.pcap*' --output conversations")
	}
	ctx := context.Background()
	p, err := o.pipeline(strings.Split(*input, ","))
	if err == nil {
		err = o.unused(ctx)
	}
	if err != nil {
		return err
	}
	return beamx.Run(ctx, p)
}

// unused returns an error if another job has written its results to the same place: of what it wrote more than this one does would be left. A job that was
// not finished, and is done again, is none. Where it cannot be said, from here, it is not asked.
func (j *job) unused(ctx context.Context) error {
	name := join(j.Output, "summary.json")
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil
	}
	defer fs.Close()
	if found, err := fs.List(ctx, name); err == nil && len(found) > 0 {
		return fmt.Errorf("%s has the results of another job: give each an --output of its own, or remove that", j.Output)
	}
	return nil
}
