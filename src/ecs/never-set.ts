/** ECS field sets that no audit event fills: any name within them is known, and absent. */
const ABSENT_SETS: ReadonlySet<string> = new Set(
  `agent as cloud code_signature cgroup destination device dll dns ecs elf email entity error faas file gen_ai geo group hash host http
  interface labels log macho message network observer organization os package pe process registry risk rule server service span tags threat
  tls trace transaction url vlan volume vulnerability x509`.split(/\s+/),
);

/** Names that ECS has within the field sets that audit events do fill. Misspelt names are not among them. */
const ABSENT_NAMES: ReadonlySet<string> = new Set([
  ...within('event', 'agent_id_status category code created duration end hash id provider reason reference risk_score'),
  ...within('event', 'risk_score_norm sequence severity start timezone type url'),
  ...within('user', 'domain email full_name hash roles group.id group.name group.domain risk.calculated_level'),
  ...within('user', 'effective.id effective.name effective.domain target.id target.name target.domain changes.name'),
  ...within('user_agent', 'name version device.name os.name os.family os.full os.platform os.version os.type'),
  ...['source', 'client'].flatMap((set) => within(set, 'address bytes domain packets port mac nat.ip nat.port')),
  ...['source', 'client'].flatMap((set) => within(set, 'registered_domain subdomain top_level_domain')),
  ...['source', 'client'].flatMap((set) => within(set, 'as.number as.organization.name user.id user.name user.domain')),
  ...['source', 'client'].flatMap((set) => within(set, 'geo.city_name geo.continent_name geo.country_iso_code')),
  ...['source', 'client'].flatMap((set) => within(set, 'geo.country_name geo.location geo.region_name')),
  ...within('related', 'hash hosts'),
  ...within('orchestrator', 'organization cluster.id cluster.name cluster.url cluster.version resource.annotation'),
  ...within('orchestrator', 'resource.id resource.ip resource.label resource.parent.type'),
  ...within('container', 'id name runtime labels image.tag image.hash.all cpu.usage memory.usage'),
  ...within('container', 'security_context.privileged'),
]);

/**
 * True if ECS defines the name and no Kubernetes audit event has it.
 * @see https://www.elastic.co/docs/reference/ecs/ecs-field-reference
 */
export function isNeverSetName(name: string): boolean {
  return ABSENT_NAMES.has(name) || ABSENT_SETS.has(name.split('.', 1)[0] ?? '');
}

function within(set: string, names: string): readonly string[] {
  return names.split(' ').map((name) => `${set}.${name}`);
}
