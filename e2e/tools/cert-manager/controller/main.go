// Command controller runs cert-manager's controllers in a pod of its own chart. The reconcilers, issuers and defaults are upstream's.
// Left out: leader election, the Gateway API, the config file, profiling. The chart's flags for those are accepted and have no effect.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	cliflag "k8s.io/component-base/cli/flag"

	// registers every controller of certificates, issuers and requests
	defaults "github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	config "github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	dnsutil "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	feature "github.com/cert-manager/cert-manager/pkg/util/feature"

	// registers the issuers
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/venafi"
)

type options struct {
	config.ControllerConfiguration
	kubeconfig, namespace, metrics, health string
	selection, nameservers                 []string
	nameserversOnly                        bool
	gates                                  map[string]bool
}

func parse() *options {
	o := &options{gates: map[string]bool{}}
	defaults.SetObjectDefaults_ControllerConfiguration(&o.ControllerConfiguration)
	f := pflag.CommandLine
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file; empty: the pod's ServiceAccount")
	f.StringVar(&o.namespace, "cluster-resource-namespace", o.ClusterResourceNamespace, "namespace of the Secrets of ClusterIssuers")
	f.StringVar(&o.metrics, "metrics-listen-address", o.MetricsListenAddress, "address of /metrics")
	f.StringVar(&o.health, "healthz-listen-address", o.HealthzListenAddress, "address of /livez")
	f.StringSliceVar(&o.selection, "controllers", []string{"*"}, "controllers to run: * for the default ones, -NAME to leave one out")
	f.StringVar(&o.ACMEHTTP01Config.SolverImage, "acme-http01-solver-image", o.ACMEHTTP01Config.SolverImage, "image of the HTTP-01 solver")
	f.StringSliceVar(&o.nameservers, "dns01-recursive-nameservers", nil, "nameservers of the DNS-01 self check")
	f.BoolVar(&o.nameserversOnly, "dns01-recursive-nameservers-only", false, "ask no authoritative nameserver in the DNS-01 self check")
	f.BoolVar(o.EnableCertificateOwnerRef, "enable-certificate-owner-ref", *o.EnableCertificateOwnerRef, "a Secret is owned by its Certificate")
	f.Int32Var(o.MaxConcurrentChallenges, "max-concurrent-challenges", *o.MaxConcurrentChallenges, "challenges at the same time")
	f.Float32Var(o.KubernetesAPIQPS, "kube-api-qps", *o.KubernetesAPIQPS, "requests a second to the API server")
	f.Int32Var(o.KubernetesAPIBurst, "kube-api-burst", *o.KubernetesAPIBurst, "burst of requests to the API server")
	f.DurationVar(&o.CertificateRequestMinimumBackoffDuration.Duration.Duration, "certificate-request-minimum-backoff-duration",
		o.CertificateRequestMinimumBackoffDuration.Duration.Duration, "first delay after a failed request")
	f.Var(cliflag.NewMapStringBool(&o.gates), "feature-gates", "upstream's feature gates")
	for _, name := range []string{"namespace", "lease-duration", "renew-deadline", "retry-period"} {
		f.String("leader-election-"+name, "", "no effect: there is one controller")
	}
	logf.AddFlags(&o.Logging, f)
	pflag.Parse()
	return o
}

func run(ctx context.Context, o *options) error {
	if err := feature.DefaultMutableFeatureGate.SetFromMap(o.gates); err != nil {
		return err
	}
	logf.InitLogs()
	if err := logf.ValidateAndApply(&o.Logging); err != nil {
		return err
	}
	ctx = logf.NewContext(ctx, logf.Log, "controller")
	factory, err := controller.NewContextFactory(ctx, o.contextOptions())
	if err != nil {
		return err
	}
	base, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if err := serve(ctx, group, base, o); err != nil {
		return err
	}
	known := controller.Known()
	for _, name := range defaults.DefaultEnabledControllers {
		if !o.selects(name) {
			continue
		}
		construct, ok := known[name]
		if !ok {
			return fmt.Errorf("controller %s is not registered", name)
		}
		c, err := construct(factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		group.Go(func() error { return c.Run(int(*o.NumberOfConcurrentWorkers), ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}

// selects follows upstream: a list of nothing but names to leave out means all others.
func (o *options) selects(name string) bool {
	if slices.Contains(o.selection, "-"+name) {
		return false
	}
	leavesOut := func(word string) bool { return strings.HasPrefix(word, "-") }
	onlyLeavesOut := !slices.ContainsFunc(o.selection, func(word string) bool { return !leavesOut(word) })
	return onlyLeavesOut || slices.Contains(o.selection, "*") || slices.Contains(o.selection, name)
}

// serve starts /metrics with the collectors of certificates and issuers, and /livez.
func serve(ctx context.Context, group *errgroup.Group, base *controller.Context, o *options) error {
	informers := base.SharedInformerFactory
	base.Metrics.SetupACMECollector(informers.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(informers.Certmanager().V1().Certificates().Lister())
	base.Metrics.SetupIssuerCollector(informers.Certmanager().V1().Issuers().Lister())
	base.Metrics.SetupClusterIssuerCollector(informers.Certmanager().V1().ClusterIssuers().Lister())
	metrics, err := net.Listen("tcp", o.metrics)
	if err != nil {
		return err
	}
	server := base.Metrics.NewServer(metrics)
	group.Go(func() error {
		if err := server.Serve(metrics); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Shutdown(context.WithoutCancel(ctx))
	})
	health, err := net.Listen("tcp", o.health)
	if err != nil {
		return err
	}
	group.Go(func() error { return healthz.NewServer(20*time.Second).Start(ctx, health) })
	return nil
}

func (o *options) contextOptions() controller.ContextOptions {
	quantity, http01 := resource.MustParse, o.ACMEHTTP01Config
	nameservers := o.nameservers
	if len(nameservers) == 0 {
		nameservers = dnsutil.RecursiveNameservers
	}
	return controller.ContextOptions{
		Kubeconfig:         o.kubeconfig,
		KubernetesAPIQPS:   *o.KubernetesAPIQPS,
		KubernetesAPIBurst: int(*o.KubernetesAPIBurst),
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 http01.SolverImage,
			HTTP01SolverResourceRequestCPU:    quantity(http01.SolverResourceRequestCPU),
			HTTP01SolverResourceRequestMemory: quantity(http01.SolverResourceRequestMemory),
			HTTP01SolverResourceLimitsCPU:     quantity(http01.SolverResourceLimitsCPU),
			HTTP01SolverResourceLimitsMemory:  quantity(http01.SolverResourceLimitsMemory),
			ACMEHTTP01SolverRunAsNonRoot:      *http01.SolverRunAsNonRoot,
			DNS01CheckRetryPeriod:             o.ACMEDNS01Config.CheckRetryPeriod.Duration.Duration,
			DNS01Nameservers:                  nameservers,
			DNS01CheckAuthoritative:           !o.nameserversOnly,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: int(*o.MaxConcurrentChallenges)},
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace:        o.namespace,
			ClusterIssuerAmbientCredentials: *o.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        *o.IssuerAmbientCredentials,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind:                 o.IngressShimConfig.DefaultIssuerKind,
			DefaultIssuerGroup:                o.IngressShimConfig.DefaultIssuerGroup,
			DefaultAutoCertificateAnnotations: o.IngressShimConfig.DefaultAutoCertificateAnnotations,
			ExtraCertificateAnnotations:       o.IngressShimConfig.ExtraCertificateAnnotations,
		},
		CertificateOptions: controller.CertificateOptions{
			EnableOwnerRef:                           *o.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes:                 o.CopiedAnnotationPrefixes,
			CertificateRequestMinimumBackoffDuration: o.CertificateRequestMinimumBackoffDuration.Duration.Duration,
			CertificateRequestMaximumBackoffDuration: o.CertificateRequestMaximumBackoffDuration.Duration.Duration,
		},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
}
