package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/hashicorp/hcl"
)

// policy is a Vault policy of exact paths: a path with a wildcard, or any stanza that is not a path, is refused at the start.
type policy map[string][]string

func readPolicy(file string) (policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document struct {
		Path map[string]struct {
			Capabilities []string `hcl:"capabilities"`
		} `hcl:"path"`
	}
	if err := hcl.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	rules := policy{}
	for path, rule := range document.Path {
		if slices.ContainsFunc([]byte(path), func(c byte) bool { return c == '*' || c == '+' }) {
			return nil, fmt.Errorf("%s: path %q has a wildcard, which this server does not know", file, path)
		}
		rules[path] = rule.Capabilities
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("%s: no path", file)
	}
	return rules, nil
}

// allow is true for a write to a path with the capability "update"; nothing else can be asked of this server.
func (p policy) allow(path, method string) bool {
	return (method == http.MethodPost || method == http.MethodPut) && slices.Contains(p[path], "update")
}
