/** What a new fleet file begins with. */
export interface FirstFleet {
  readonly fleet: string;
  readonly namespace: string;
  readonly trustDomain: string;
  /** At least one. */
  readonly environments: readonly { readonly name: string; readonly authority: AuthorityKind }[];
  /** Each calls the next one. */
  readonly services: readonly string[];
}

export const AUTHORITY_KINDS = ['selfSigned', 'intermediate', 'existing', 'vault'] as const;
export type AuthorityKind = (typeof AUTHORITY_KINDS)[number];

/** A fleet file that is complete and says what its keys mean. */
export function firstFleetYaml(first: FirstFleet, schema: string): string {
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    '# Services, their ports, and who calls whom: everything else follows from it. Every key: fleet.schema.json.',
    `fleet: ${first.fleet} # names issuer, bundle and policies; changing it later replaces them`,
    `namespace: ${first.namespace}`,
    `trustDomain: ${first.trustDomain} # part of every identity: spiffe://${first.trustDomain}/ns/<namespace>/sa/<service>`,
    '',
    '# 90 days, renewed 15 days before the end, RSA 2048, unless said otherwise here, in an environment or at a service.',
    '# certificates: { duration: 720h, renewBefore: 240h, key: { algorithm: ECDSA, size: 256 } }',
    '',
    'environments:',
    ...first.environments.flatMap(({ name, authority }) => environmentLines(first.fleet, name, authority)),
    '',
    'services:',
    ...first.services.flatMap((name, index) => serviceLines(name, first.services[index + 1], index)),
    '# externals: # who calls from outside of the fleet, or is called there',
    '#   prometheus:',
    '#     at: { namespace: monitoring, labels: { app.kubernetes.io/name: prometheus } }',
    '#     calls: ["*:metrics"] # every port of protocol metrics',
  ];
  return `${lines.join('\n')}\n`;
}

function environmentLines(fleet: string, name: string, authority: AuthorityKind): readonly string[] {
  switch (authority) {
    case 'selfSigned':
      return [`  ${name}:`, '    authority: { selfSigned: {} } # a root that cert-manager makes: for development'];
    case 'intermediate':
      return [
        `  ${name}:`,
        '    authority: { selfSigned: { intermediate: {} } } # the root signs only the intermediate, which signs the services',
      ];
    case 'existing':
      return [
        `  ${name}:`,
        `    authority: { existing: { secretName: ${fleet}-ca } } # a CA of yours: Secret with tls.crt and tls.key in cert-manager's namespace`,
      ];
    case 'vault':
      return [
        `  ${name}:`,
        '    issuance: true # each service can obtain its own identity only; needs approver-policy',
        '    authority:',
        '      vault:',
        '        server: https://vault.example.com:8200',
        `        path: pki_int/sign/${fleet} # <mount>/sign/<role>; synth writes the role`,
        `        auth: { kubernetes: { role: ${fleet} } }`,
        `      roots: { configMap: ${fleet}-vault-roots } # Vault's root, which you put there yourself`,
      ];
  }
}

/** The first is called by nobody yet: a TLS port of it would want a certificate for a server that it is not. */
function serviceLines(name: string, callee: string | undefined, index: number): readonly string[] {
  const first = index === 0;
  return [
    `  ${name}:`,
    `    image: registry.example.com/${name}:1.0.0`,
    ...(first ? ['    # existing: { kind: Deployment, selector: { app: … } } # instead of image, where somebody else deploys it'] : []),
    '    ports:',
    `      ${first ? '# ' : ''}https: { port: 8443, protocol: https }${first ? ' # https, grpc, tcp: mutual TLS; when somebody calls it' : ''}`,
    `      health: { port: 8080, protocol: health }${first ? " # plain, for the kubelet's probes" : ''}`,
    ...(callee === undefined ? [] : [`    calls: [${callee}:https]`]),
    '',
  ];
}
