package main

import "os"

func Example() {
	os.Args = []string{"program", "../../testdata/pcaps/refused-retries.pcap"}
	main()
	// Output:
	// 10.0.0.1:49821 10.0.0.2:81 refused
}
