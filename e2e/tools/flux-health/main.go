// Prints the status that Flux gives an object by health check expressions: one JSON request on standard input, one word a line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type request struct {
	Expressions kustomize.HealthCheckExpressions `json:"expressions"`
	Objects     []json.RawMessage                `json:"objects"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	evaluator, err := cel.NewStatusEvaluator(&asked.Expressions)
	if err != nil {
		return err
	}
	for _, text := range asked.Objects {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			return err
		}
		result, err := evaluator.Evaluate(context.Background(), object)
		if err != nil {
			fmt.Println("Error")
			continue
		}
		fmt.Println(result.Status)
	}
	return nil
}
