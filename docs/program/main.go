// Command program prints the TCP connections of a capture. docs/library.md shows it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"tcptrace/analyzer"
	"tcptrace/analyzer/capturefile"
)

func main() {
	file := capturefile.Open(os.Args[1:]...)
	defer file.Close()
	for c, err := range analyzer.Read(context.Background(), file, analyzer.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Addr[analyzer.Client], c.Addr[analyzer.Server], c.Outcome)
	}
}
