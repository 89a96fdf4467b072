// Command acmesolver answers HTTP-01 challenges with cert-manager's own solver.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http/solver"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &solver.HTTP01Solver{}
	pflag.IntVar(&s.ListenPort, "listen-port", 8089, "port of the challenge")
	pflag.StringVar(&s.Domain, "domain", "", "name that is being validated")
	pflag.StringVar(&s.Token, "token", "", "token of the challenge")
	pflag.StringVar(&s.Key, "key", "", "key authorization that answers it")
	pflag.Parse()
	logf.InitLogs()
	go func() {
		<-ctx.Done()
		_ = s.Shutdown(context.WithoutCancel(ctx))
	}()
	if err := s.Listen(logf.Log); err != nil && !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
