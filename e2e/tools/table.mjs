/**
 * The one table of what is built from Go modules: versions, and the package behind each program.
 * The folder `<name>/` beside this file holds the Go module that pins everything below; `build.mjs` refuses a version that differs.
 *
 * - `module`, `version`: what the tool is, as in `<name>/go.mod`; no module: it is ours, and uses none
 * - `programs`: file name → package, built with `go build`
 * - `ldflags`: how the program learns its own version
 * - `onPath`: a program on PATH is taken instead when what it prints for `arguments` matches `accepts`
 */
const KUBERNETES = 'v1.37.2';
const OLDER_KUBERNETES = 'v1.34.4';

const kubernetes = version => ({
  module: 'k8s.io/kubernetes',
  version,
  programs: Object.fromEntries(
    ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl'].map(name => [
      name,
      `k8s.io/kubernetes/cmd/${name}`,
    ]),
  ),
  ldflags: `-X k8s.io/component-base/version.gitVersion=${version} -X k8s.io/client-go/pkg/version.gitVersion=${version}`,
});

export const TOOLS = {
  helm3: {
    module: 'helm.sh/helm/v3',
    version: 'v3.22.0',
    programs: { helm: 'helm.sh/helm/v3/cmd/helm' },
    ldflags: '-X helm.sh/helm/v3/internal/version.version=v3.22.0',
    onPath: { program: 'helm', arguments: ['version', '--short'], accepts: /^v3\./ },
  },
  helm4: {
    module: 'helm.sh/helm/v4',
    version: 'v4.3.1',
    programs: { helm: 'helm.sh/helm/v4/cmd/helm' },
    ldflags: '-X helm.sh/helm/v4/internal/version.version=v4.3.1',
    onPath: { program: 'helm', arguments: ['version', '--short'], accepts: /^v4\./ },
  },
  actionlint: {
    module: 'github.com/rhysd/actionlint',
    version: 'v1.7.12',
    programs: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
    onPath: { program: 'actionlint', arguments: ['-version'], accepts: /1\.7\./ },
  },
  'flux-health': {
    module: 'github.com/fluxcd/pkg/runtime',
    version: 'v0.110.3',
    programs: { 'flux-health': '.' },
  },
  'grafana-dashboard': {
    module: 'github.com/grafana/grafana-foundation-sdk/go',
    version: 'v0.0.22',
    programs: { 'grafana-dashboard': '.' },
  },
  registry: {
    module: 'github.com/google/go-containerregistry',
    version: 'v0.22.1',
    programs: { registry: '.' },
  },
  etcd: {
    module: 'go.etcd.io/etcd/server/v3',
    version: 'v3.6.16',
    programs: { etcd: '.' },
  },
  kubernetes: kubernetes(KUBERNETES),
  // taken in place of it with E2E_VERSIONS=older
  'kubernetes-older': kubernetes(OLDER_KUBERNETES),
  pause: {
    version: 'v1',
    programs: { pause: '.' },
  },
  coredns: {
    module: 'github.com/coredns/coredns',
    version: 'v1.14.6',
    programs: { coredns: '.' },
  },
  'cert-manager': {
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.2',
    programs: { controller: './controller', webhook: './webhook', cainjector: './cainjector', acmesolver: './acmesolver' },
    ldflags: '-X github.com/cert-manager/cert-manager/pkg/util.AppVersion=v1.21.2',
  },
  'trust-manager': {
    module: 'github.com/cert-manager/trust-manager',
    version: 'v0.24.0',
    programs: { 'trust-manager': 'github.com/cert-manager/trust-manager/cmd/trust-manager' },
  },
  'approver-policy': {
    module: 'github.com/cert-manager/approver-policy',
    version: 'v0.27.0',
    programs: { 'approver-policy': 'github.com/cert-manager/approver-policy/cmd' },
  },
  pebble: {
    module: 'github.com/letsencrypt/pebble/v2',
    version: 'v2.10.1',
    programs: { pebble: 'github.com/letsencrypt/pebble/v2/cmd/pebble' },
  },
  // BUSL-1.1: built on the machine that runs the tests, for the tests, and never handed on
  'vault-pki': {
    module: 'github.com/hashicorp/vault',
    version: 'v1.21.4',
    programs: { 'vault-pki': '.' },
  },
};
