package main

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tcptrace/internal/complete"
	"tcptrace/internal/output"
	"tcptrace/report"
)

// partition is --partition-by, and the directory that it makes of -o.
type partition struct {
	by    string
	flag  *pflag.Flag // nil: the command has none
	is    report.Partitioning
	files *output.Dir // nil: the output is one file
}

func (p *partition) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.by, "partition-by", "", "with --format parquet, write -o as a directory of files by `day`, hour or server, which other programs read as one table")
	p.flag = cmd.Flags().Lookup("partition-by")
	complete.Flag(cmd, "partition-by", report.Partitionings.Names()...)
}

// check finds what is wrong with it. hasServer says whether rows have a server.
func (p *partition) check(format, path string, hasServer bool) (err error) {
	switch {
	case p.flag == nil || !p.flag.Changed:
		return nil
	case format != "parquet":
		return usageError("--partition-by is for --format parquet, not %s", format)
	case path == "" || path == "-":
		return usageError("--partition-by makes a directory: name it with -o DIR")
	}
	p.is, err = choose("partition-by", p.by, report.Partitionings)
	if err == nil && !hasServer && !p.is.ByTime() {
		err = usageError("--partition-by %s is for conversations: segments have none, but day and hour", p.by)
	}
	return err
}

// open opens the output, as openReport does unless it is partitioned.
func (p *partition) open(people bool, path string, inputs []string, e env) (sink, error) {
	if p.by == "" {
		return openReport(people, path, inputs, e)
	}
	e.reads(inputs)
	var err error
	if p.files, err = e.files.CreateDir("-o", path); err != nil {
		return nil, outputError(err)
	}
	return directory{p.files}, nil
}

// create makes a file of the directory.
func (p *partition) create(name string) (io.WriteCloser, error) { return p.files.Create(name) }

// directory is a sink whose files are written one by one.
type directory struct{ *output.Dir }

// Write takes nothing: nobody writes to a directory.
func (directory) Write([]byte) (int, error) { return 0, output.ErrConflict }
