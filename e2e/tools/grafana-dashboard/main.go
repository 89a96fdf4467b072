// Holds a dashboard on standard input to Grafana's own schema of it, with those of its panels and Prometheus queries: unknown and
// missing fields, wrong types and values out of range, one a line. Exit code 1 when there is any, 2 when it is no dashboard at all.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	text, err := io.ReadAll(os.Stdin)
	if err == nil && !json.Valid(text) {
		err = errors.New("standard input is no JSON")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var board dashboard.Dashboard
	problems := append(listOf(board.UnmarshalJSONStrict(text)), listOf(board.Validate())...)
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// The library gives an empty list, which is no nil, where it found nothing in what lies below.
func listOf(problems error) cog.BuildErrors {
	if problems == nil {
		return nil
	}
	var all cog.BuildErrors
	if !errors.As(problems, &all) {
		fmt.Fprintln(os.Stderr, problems)
		os.Exit(2)
	}
	return all
}
