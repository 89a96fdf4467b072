const OVERVIEW = `sentinel-mtls: mutual TLS for a fleet of services, without a mesh

Usage: sentinel-mtls COMMAND [options]

  start [FLEET]     write the manifests, verify them, issue certificates from them, prove every call with real handshakes
  synth             write the manifests: dist/<environment>/
  chart             write the Helm chart: charts/<name>/
  prove             prove that rendered manifests allow exactly the declared calls
  diff              say which calls, identities and certificates two renderings have differently
  verify [PATH...]  check rendered manifests, or any YAML: one verdict
  report [FLEET]    one HTML page, or Markdown: calls, certificates, authorities, findings, proof, reach of stolen keys
  graph             show the declared calls; graph blast SERVICE: how far a stolen key reaches;
                    graph network PATH...: who can connect, by anybody's manifests
  lint [PATH...]    check anybody's certificates, trust and network policies in YAML, charts or Kustomize folders
  explain CODE      what a rule of lint looks for, why, and how to mend it
  init              write a first fleet.yaml
  import PATH...    guess a fleet.yaml from manifests of a running system
  dev-certs         write tls.crt, tls.key and ca.crt for services on this machine
  completion SHELL  completion for bash, zsh or fish
  help COMMAND      options of a command

With a cluster
  status            every Certificate of the fleet as it is, the worst first
  renew SERVICE...  issue certificates anew: some services, all, or those of an issuer
  rotate            a new key for the CA, step by step, with no moment in which somebody is not trusted
  migrate           how far each port is from plain text to strict, and which change of the fleet file is safe next
  backup -o FILE    authorities, issuers and bundles into an encrypted file; backup verify FILE
  restore FILE      and back into a cluster
  rbac [COMMAND]    the least rights of these commands, as roles
  doctor            look for known failure modes of cert-manager, trust, network and rights

Common options
  -f, --file FILE   the fleet (default: fleet.yaml)
  --version         print the version

Exit codes: 0 fine, 1 findings or a failed check, 2 bad input or usage, 3 nothing to check, 4 an internal error;
lint: 10, 11 or 12 by the highest level that it found
`;

const CLUSTER_HELP = `  --kubeconfig FILE      (default: as kubectl)
  --context NAME         (default: the current one)
  --request-timeout TIME of one request, as 30s (default)
`;

const COMMANDS: Readonly<Record<string, string>> = {
  start: `Usage: sentinel-mtls start [FLEET] [--format text|json]

Writes the manifests of every environment beside the fleet file (dist/), reads them back and verifies them: schemas,
the rules of lint, network, identity and issuance against the declared calls. Then it issues a certificate for every
service from them with an embedded authority, and makes TLS 1.3 handshakes on loopback: every declared call must
succeed, everything else must be refused. FLEET is a fleet file or a folder that holds one.

  --format FORMAT   text (default) or json

  sentinel-mtls start examples/online-boutique
`,
  synth: `Usage: sentinel-mtls synth [-f FLEET] [--env ENVIRONMENT]... [-o FOLDER] [--check]

Writes one folder per environment: a file per plane, kustomization.yaml and prerequisites.

  --env NAME        only this environment; may be repeated (default: all)
  -o, --output DIR  where to write (default: dist)
  --check           write nothing; exit 1 when the folder differs from what would be written

  sentinel-mtls synth --env prod
  sentinel-mtls synth --check
`,
  chart: `Usage: sentinel-mtls chart [-f FLEET] [-o FOLDER] [--check]

Writes the Helm chart of a fleet, which renders the same objects as synth for the same values. Its name, version and
appVersion stand in the fleet file, below "chart".

  -o, --output DIR  folder of the chart, by whose name the chart is called (default: charts/<name>)
  --check           write nothing; exit 1 when the folder differs from what would be written

  sentinel-mtls chart -o charts/sentinel-core
`,
  prove: `Usage: sentinel-mtls prove [-f FLEET] [--env ENVIRONMENT]... [--manifests FOLDER] [--handshakes] [--format text|json]
       sentinel-mtls prove --explain CALLER CALLEE:PORT [-f FLEET] [--env ENVIRONMENT]... [--manifests FOLDER]

Compares rendered manifests with the declared graph: who can connect by the NetworkPolicies, who gets past whose
handshake by Certificates and allow-lists, who can obtain which name by request policies and issuers; with
--handshakes also by real TLS handshakes on loopback. Whatever else lies in the folder takes part.

  --env NAME        only this environment; may be repeated (default: all)
  --manifests DIR   folder with one folder per environment, or the folder of one environment (default: dist)
  --handshakes      make the handshakes too
  --non-edges N     handshakes for at most N undeclared calls (default: 2000); the rest is counted as not tried
  --explain A B:P   walk through everything that decides whether A may call port P of B; A and B are services,
                    externals, or namespace/name of a workload; P is a name or a number of the pod
  --format FORMAT   text (default) or json

  sentinel-mtls prove --handshakes
  sentinel-mtls prove --env dev --explain node-agent control-api:https
`,
  verify: `Usage: sentinel-mtls verify [-f FLEET] [--env ENVIRONMENT]... [--manifests FOLDER] [--format text|json]
       sentinel-mtls verify PATH... [--format text|json]

One verdict on rendered manifests: each object held to the schema of its kind, and for a fleet the proof of prove.
With PATH and no --file: any repository's YAML, files or folders. With both: these files for one environment.

  --env NAME        only this environment; may be repeated (default: all)
  --manifests DIR   folder with one folder per environment (default: dist)
  --format FORMAT   text (default) or json

  sentinel-mtls verify --env prod
  sentinel-mtls verify k8s/ ingress.yaml
`,
  report: `Usage: sentinel-mtls report [FLEET] [--env ENVIRONMENT] [--manifests FOLDER] [-o FILE] [--format html|markdown]

One page about one environment that needs neither network nor server: who calls whom, certificates with their
lifetimes, who signs, what verify and lint find, what is proved, and how far a stolen key reaches. It ends with 0
whatever it says: prove and verify are what CI fails by.

  --env NAME        environment (default: the first)
  --manifests DIR   report on this folder of manifests (default: what synth would write)
  -o, --output FILE where to write (default: stdout)
  --format FORMAT   html (default), or markdown for a comment on a pull request

  sentinel-mtls report --env prod -o report.html
  sentinel-mtls report examples/online-boutique --format markdown
`,
  graph: `Usage: sentinel-mtls graph [-f FLEET] [--env ENVIRONMENT] [--format text|json]
       sentinel-mtls graph blast SERVICE [-f FLEET] [--env ENVIRONMENT] [--format text|json]
       sentinel-mtls graph network PATH... [--format text|json]

Shows the declared calls of one environment. blast: what a stolen key of SERVICE reaches, through how many
services, whom it deceives, until when, and which declared call one would have to give up to shrink that.
network: who may open connections to whom by the NetworkPolicies of any repository's manifests, without a fleet.

  --env NAME        environment (default: the first)
  --format FORMAT   text (default) or json

  sentinel-mtls graph blast control-api
  sentinel-mtls graph network k8s/
`,
  diff: `Usage: sentinel-mtls diff OLD NEW [--env ENVIRONMENT]... [--fail-on any|weaker|never] [--format text|json|markdown]

Says what NEW allows and issues otherwise than OLD: calls, network openings, roots, identities, certificates, request
policies, workloads. OLD and NEW are rendered manifests: an output folder, the folder of one environment, a file, or
git:REVISION:PATH as a commit has it. "!" marks what allows more than before, and what can't be judged.

  --env NAME        only this environment; may be repeated (default: all)
  --fail-on WHAT    exit 1 for any difference (default), for weaker ones and those that can't be judged, or never
  --all             list every change, also where they are many and none needs a reviewer
  --format FORMAT   text (default), json, or markdown for a comment on a pull request

  sentinel-mtls diff git:origin/main:dist dist
`,
  lint: `Usage: sentinel-mtls lint [PATH...] [options]

Checks rendered or plain manifests of any repository: files, folders, "-" for stdin, folders of Helm charts (with
helm) and of Kustomize (with kubectl). Without a PATH: the working folder.

  --format FORMAT[=FILE]  text (default), json, sarif, github or junit; may be repeated, one of them without a FILE
  --profile NAME          default, nist-800-52r2, bsi-tr-02102-2026, cnsa2 or mozilla-modern
  --persona NAME          regular (default), pedantic or auditor: who hears more
  --rule CODE             only this rule; may be repeated
  --date DAY              day by which deadlines are judged, as 2026-01-31 (default: today)
  --cert-manager VERSION  1.18, 1.19, 1.20 or 1.21 (default): what its webhook accepts
  --kubernetes VERSION    version of the cluster, as 1.34
  --fleet FILE            findings about what synth wrote also name the line of this fleet file
  --config FILE           (default: .sentinel-lint.yaml, where there is one)
  --baseline FILE         findings that are in this file are not told
  --write-baseline FILE   write all findings into this file and end
  --fix                   mend in place what can be mended safely
  --fail-on LEVEL         note (default), warning or error: what exit code 10, 11 or 12 is given for
  --strict                with SARIF alone the exit code is 0; this ends that
  --values FILE           values for charts; may be repeated
  --color                 colours although the output is no terminal

  sentinel-mtls lint k8s/ --format sarif=lint.sarif --format text
`,
  explain: `Usage: sentinel-mtls explain CODE

What a rule of lint looks for, why, by which standard, how to mend it, with an example. CODE is a code or a name, as
SMT-C014 or trust-from-leaf-secret; without one, all rules are listed.

  sentinel-mtls explain SMT-C014
`,
  init: `Usage: sentinel-mtls init [--name NAME] [--namespace NAME] [--trust-domain DOMAIN] [--environment NAME=KIND]...
                          [--service NAME]... [-o FILE]

Writes a commented fleet.yaml. On a terminal it asks for what is not given; elsewhere --name is needed. A file that is
there is never written over.

  --name NAME           of the fleet
  --namespace NAME      (default: the fleet's name)
  --trust-domain DOMAIN (default: NAME.internal)
  --environment N=KIND  who signs: selfSigned, intermediate, existing or vault; may be repeated (default: dev=selfSigned)
  --service NAME        each calls the next; may be repeated (default: web, orders)
  -o, --output FILE     (default: fleet.yaml)

  sentinel-mtls init --name shop --environment dev=selfSigned --environment prod=vault --service web --service orders
`,
  import: `Usage: sentinel-mtls import PATH... [--name NAME] [--trust-domain DOMAIN] [--values FILE]... [-o FILE]

Guesses a fleet from manifests: workloads, Services, calls from environment variables, arguments and NetworkPolicies,
issuers and Certificates. Each guess has a comment that says where it comes from. Everything begins in mode disabled and
without NetworkPolicies, so that a call that was overlooked breaks nothing. PATH: files, folders, charts, "-" for stdin.

  --name NAME           of the fleet (default: the namespace)
  --trust-domain DOMAIN (default: NAME.internal)
  --values FILE         values for charts; may be repeated
  -o, --output FILE     never written over (default: stdout)

  kubectl get deployments,statefulsets,daemonsets,services,networkpolicies -n shop -o yaml | sentinel-mtls import -
  sentinel-mtls import k8s/ -o fleet.yaml
`,
  completion: `Usage: sentinel-mtls completion bash|zsh|fish

Prints a script that completes commands and options.

  eval "$(sentinel-mtls completion bash)"
`,
  status: `Usage: sentinel-mtls status [--all] [-n NAMESPACE]... [--format table|wide|json] [--watch [--interval 10s]]

Every Certificate of the fleets in a cluster: whether it is ready, what is in its Secret and until when, when it is
renewed, who mounts it. What is wrong comes first, also what Ready hides: a certificate that has ended, an authority
that changed or ends before it, a Secret of another issuer, a key that does not fit. Exit code 1 when something is.

  --all                  Certificates of everybody, not only those with the label sentinel-mtls.io/fleet
  --fleet NAME           only this fleet
  -n, --namespace NAME   only this namespace; may be repeated
  -A, --all-namespaces   all of them (default)
  --cert-manager-namespace NAME  where the Secrets of ClusterIssuers are, for -n (default: cert-manager)
  --from DIR             a dump of doctor in place of a cluster
  --format FORMAT        table (default), wide or json
  --watch                look again every 10 seconds, until Ctrl-C; also while the API server is away
  --interval TIME        in place of 10s
${CLUSTER_HELP}
  sentinel-mtls status --all
  sentinel-mtls status -n sentinel-system --watch
`,
  doctor: `Usage: sentinel-mtls doctor [--preflight] [--from DIR | --dump DIR] [-n NAMESPACE]... [--format text|json]

Looks for the failure modes in docs/doctor.md: what was seen, why it matters, what comes next. It only reads. What may
not be read is said, and never taken for health. Private keys are read, compared with their certificates in memory, and
written nowhere.

  --preflight            before anything is installed: definitions, other installations, network, rights to read
  --dump DIR             also write what was looked at into a new folder: of Secrets only certificates
  --from DIR             look at such a folder in place of a cluster
  --probe                ask the webhook of cert-manager for a Certificate that it must refuse, in a dry run; this needs
                         the right to create Certificates in the namespace default
  --wait TIME            look again until nothing is found, for so long (default: 0s)
  --fail-on LEVEL        warning (default) or error: what exit code 1 is given for
  -n, --namespace NAME   only this namespace; may be repeated
  -A, --all-namespaces   all of them (default)
  --format FORMAT        text (default) or json
${CLUSTER_HELP}
  sentinel-mtls doctor --preflight
  sentinel-mtls doctor --dump /tmp/dump
`,
  renew: `Usage: sentinel-mtls renew SERVICE... | --all | --issuer NAME [--wait] [--stagger 30s] [--max-parallel N]

Asks cert-manager to issue certificates anew, without regard to a pause after failures. SERVICE is a service of a fleet
or the name of a Certificate. Authorities are renewed only by name. Once one has failed, no other is begun.

  --all                  every Certificate of the fleets
  --issuer NAME          every Certificate of one issuer, of whatever fleet
  --wait                 until each Secret holds another certificate with its key
  --timeout TIME         of one Certificate, with --wait (default: 5m)
  --stagger TIME         between two beginnings (default: 0s)
  --max-parallel N       under way at a time, with --wait (default: 5)
  --dry-run              say which, and change nothing
  -n, --namespace NAME   only this namespace; may be repeated
  -A, --all-namespaces   all of them (default)
  --format FORMAT        text (default) or json
${CLUSTER_HELP}
  sentinel-mtls renew control-api --wait
  sentinel-mtls renew --issuer sentinel-ca-issuer --wait --stagger 30s
`,
  rotate: `Usage: sentinel-mtls rotate [status] [--fleet NAME]
       sentinel-mtls rotate start|continue|complete [--wait] [--dry-run] [--grace 3m] [--stagger 30s]

Gives the root that cert-manager makes for a fleet a new key. The old root stays trusted until no certificate leads to it.
Each call takes the next safe step, or says what it waits for; where it stands is read from the cluster, so that it goes
on after anything. status only looks (exit code 1 while a rotation is under way), start begins, continue goes on until
the old root may be taken away, complete takes it away. Nothing of the manifests is changed.

  --fleet NAME           (default: the only one)
  --cert-manager-namespace NAME  where root and Bundle sources are (default: cert-manager)
  --wait                 go on until nothing is left that this call may do
  --timeout TIME         of everything, with --wait (default: 1h)
  --grace TIME           for kubelet and processes where a pod's metrics page can't be asked (default: 3m)
  --stagger TIME         between the beginnings of two renewals (default: 0s)
  --max-parallel N       renewals under way at a time (default: 5)
  --dry-run              say the steps, and change nothing
  --format FORMAT        text (default) or json
${CLUSTER_HELP}
  sentinel-mtls rotate start --dry-run
  sentinel-mtls rotate start --wait --stagger 30s
  sentinel-mtls rotate complete
`,
  migrate: `Usage: sentinel-mtls migrate [--fleet NAME] [--quiet-for 24h] [--format text|json]

How far each port of a fleet is on the way disabled, permissive, audit, strict: by the allow-lists in the cluster, and by
what the runtime libraries have counted, plain connections and callers that strict would refuse. Says which change of the
fleet file breaks nobody that was seen, and what is in the way of the others. What can't be told is in the way. It only
reads; exit code 1 while something is in the way.

  --fleet NAME           (default: the only one)
  --quiet-for TIME       how long nothing may have been seen, as long as the rarest call takes (default: 24h)
  --format FORMAT        text (default) or json
${CLUSTER_HELP}
  sentinel-mtls migrate --quiet-for 48h
`,
  rbac: `Usage: sentinel-mtls rbac [COMMAND] [-n NAMESPACE]... [--preflight] [--probe]

Prints the least ClusterRole that each command needs, or that of one; with -n Roles of those namespaces, and a
ClusterRole for what belongs to none. rotate has a Role besides, where the keys of authorities are. COMMAND is status,
doctor, renew, rotate, migrate, backup or restore.

  -n, --namespace NAME   Roles of this namespace; may be repeated
  -A, --all-namespaces   ClusterRoles (default)
  --cert-manager-namespace NAME  where rotate changes the keys of authorities (default: cert-manager)
  --preflight            of doctor before an install
  --probe                of doctor that asks the webhook

  sentinel-mtls rbac doctor | kubectl apply -f -
`,
  backup: `Usage: sentinel-mtls backup -o FILE --recipient age1... | --passphrase-file FILE
       sentinel-mtls backup verify FILE --identity FILE | --passphrase-file FILE

Writes what can't be made again into one file in the format of age, encrypted, mode 0600: Secrets of authorities, their
Certificates, issuers, bundles and their sources. verify opens it and checks keys, chains and whether anything is
missing. The passphrase may also stand in the environment, as SENTINEL_MTLS_PASSPHRASE; it is never an argument.

  -o, --output FILE      a new file
  --recipient age1...    who can open it, as age-keygen prints it; may be repeated
  --passphrase-file FILE the passphrase, 12 characters at least
  --identity FILE        keys of age-keygen
${CLUSTER_HELP}
  sentinel-mtls backup -o sentinel.age --recipient age1...
  sentinel-mtls backup verify sentinel.age --identity keys.txt
`,
  restore: `Usage: sentinel-mtls restore FILE --identity FILE | --passphrase-file FILE [--dry-run] [--overwrite]

Verifies a backup and brings its objects into a cluster that has cert-manager and trust-manager. Everything is looked at
first, and tried by the API server in a dry run; where an object is there and differs, or would be refused, nothing is
written. Should it still stop half-way, it says how far it came, and the same command goes on from there. Secrets come
before issuers, and issuers before bundles. Leaves are issued anew by cert-manager.

  --dry-run              say what would be done
  --overwrite            replace objects that differ
  --force                restore although something in it is broken or has ended
${CLUSTER_HELP}
  sentinel-mtls restore sentinel.age --identity keys.txt --dry-run
`,
  'dev-certs': `Usage: sentinel-mtls dev-certs [SERVICE...] [-f FLEET] [--env ENVIRONMENT] [-o FOLDER]

Writes tls.crt, tls.key (mode 0600), ca.crt and policy.json of a service, signed by an authority of this machine
alone, valid also for localhost; of all services when none is named. Those written by one call trust each other.

  --env NAME        environment whose names are used (default: the first)
  -o, --output DIR  where to write: DIR/<service>/ (default: .sentinel/certs)

  sentinel-mtls dev-certs control-api node-agent
`,
};

export function help(command: string | undefined): string {
  return (command === undefined ? undefined : COMMANDS[command]) ?? OVERVIEW;
}

export const COMMAND_NAMES: readonly string[] = [...Object.keys(COMMANDS), 'help'];

/** Options of a command, as its help names them: `--env`, `-o`. */
export function optionsOf(command: string): readonly string[] {
  const text = (COMMANDS[command] ?? '')
    .split('\n')
    .filter(line => !/^ {2}\S.*/.test(line) || !line.includes('sentinel-mtls ') || line.includes('Usage'));
  return [...new Set(text.join('\n').match(/(?<=[\s[,])--?[a-z][a-z-]*/g) ?? [])];
}
