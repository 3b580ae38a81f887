/**
 * MITRE ATT&CK for Enterprise, as far as rules for Kubernetes name it: a Sigma tag has the number of a technique, a
 * rule here its name and its tactic too.
 * @see https://attack.mitre.org/tactics/enterprise/ and https://attack.mitre.org/matrices/enterprise/containers/
 */
const TACTICS = `TA0043 Reconnaissance
TA0042 Resource Development
TA0001 Initial Access
TA0002 Execution
TA0003 Persistence
TA0004 Privilege Escalation
TA0005 Defense Evasion
TA0006 Credential Access
TA0007 Discovery
TA0008 Lateral Movement
TA0009 Collection
TA0011 Command and Control
TA0010 Exfiltration
TA0040 Impact`;

const TECHNIQUES = `T1020 Exfiltration: Automated Exfiltration
T1021 Lateral Movement: Remote Services
T1027 Defense Evasion: Obfuscated Files or Information
T1027.004 Defense Evasion: Compile After Delivery
T1036 Defense Evasion: Masquerading
T1036.005 Defense Evasion: Match Legitimate Resource Name or Location
T1036.010 Defense Evasion: Masquerade Account Name
T1041 Exfiltration: Exfiltration Over C2 Channel
T1046 Discovery: Network Service Discovery
T1048 Exfiltration: Exfiltration Over Alternative Protocol
T1053 Execution, Persistence, Privilege Escalation: Scheduled Task/Job
T1053.007 Execution, Persistence, Privilege Escalation: Container Orchestration Job
T1059 Execution: Command and Scripting Interpreter
T1059.004 Execution: Unix Shell
T1068 Privilege Escalation: Exploitation for Privilege Escalation
T1069 Discovery: Permission Groups Discovery
T1069.003 Discovery: Cloud Groups
T1070 Defense Evasion: Indicator Removal
T1071 Command and Control: Application Layer Protocol
T1078 Initial Access, Persistence, Privilege Escalation, Defense Evasion: Valid Accounts
T1078.001 Initial Access, Persistence, Privilege Escalation, Defense Evasion: Default Accounts
T1078.003 Initial Access, Persistence, Privilege Escalation, Defense Evasion: Local Accounts
T1078.004 Initial Access, Persistence, Privilege Escalation, Defense Evasion: Cloud Accounts
T1082 Discovery: System Information Discovery
T1087 Discovery: Account Discovery
T1087.004 Discovery: Cloud Account
T1090 Command and Control: Proxy
T1098 Persistence, Privilege Escalation: Account Manipulation
T1098.006 Persistence, Privilege Escalation: Additional Container Cluster Roles
T1110 Credential Access: Brute Force
T1110.001 Credential Access: Password Guessing
T1110.003 Credential Access: Password Spraying
T1110.004 Credential Access: Credential Stuffing
T1133 Initial Access, Persistence: External Remote Services
T1136 Persistence: Create Account
T1136.003 Persistence: Cloud Account
T1190 Initial Access: Exploit Public-Facing Application
T1195 Initial Access: Supply Chain Compromise
T1199 Initial Access: Trusted Relationship
T1204 Execution: User Execution
T1204.003 Execution: Malicious Image
T1210 Lateral Movement: Exploitation of Remote Services
T1212 Credential Access: Exploitation for Credential Access
T1485 Impact: Data Destruction
T1489 Impact: Service Stop
T1490 Impact: Inhibit System Recovery
T1496 Impact: Resource Hijacking
T1498 Impact: Network Denial of Service
T1499 Impact: Endpoint Denial of Service
T1525 Persistence: Implant Internal Image
T1526 Discovery: Cloud Service Discovery
T1528 Credential Access: Steal Application Access Token
T1530 Collection: Data from Cloud Storage
T1531 Impact: Account Access Removal
T1543 Persistence, Privilege Escalation: Create or Modify System Process
T1543.005 Persistence, Privilege Escalation: Container Service
T1546 Persistence, Privilege Escalation: Event Triggered Execution
T1548 Privilege Escalation, Defense Evasion: Abuse Elevation Control Mechanism
T1550 Defense Evasion, Lateral Movement: Use Alternate Authentication Material
T1550.001 Defense Evasion, Lateral Movement: Application Access Token
T1552 Credential Access: Unsecured Credentials
T1552.001 Credential Access: Credentials In Files
T1552.005 Credential Access: Cloud Instance Metadata API
T1552.007 Credential Access: Container API
T1556 Credential Access, Defense Evasion, Persistence: Modify Authentication Process
T1562 Defense Evasion: Impair Defenses
T1562.001 Defense Evasion: Disable or Modify Tools
T1562.008 Defense Evasion: Disable or Modify Cloud Logs
T1565 Impact: Data Manipulation
T1567 Exfiltration: Exfiltration Over Web Service
T1570 Lateral Movement: Lateral Tool Transfer
T1578 Defense Evasion: Modify Cloud Compute Infrastructure
T1580 Discovery: Cloud Infrastructure Discovery
T1609 Execution: Container Administration Command
T1610 Defense Evasion, Execution: Deploy Container
T1611 Privilege Escalation: Escape to Host
T1612 Defense Evasion: Build Image on Host
T1613 Discovery: Container and Resource Discovery
T1621 Credential Access: Multi-Factor Authentication Request Generation
T1648 Execution: Serverless Execution
T1651 Execution: Cloud Administration Command`;

export interface AttackName {
  readonly id: string;
  readonly name: string;
}

/** The tactics in the order of the matrix. */
export const ATTACK_TACTICS: readonly AttackName[] = TACTICS.split('\n').map((line) => ({
  id: line.slice(0, 6),
  name: line.slice(7),
}));

export interface AttackTechnique extends AttackName {
  readonly tactics: readonly AttackName[];
}

/** The techniques that are known by name, by their ids. */
export const ATTACK_TECHNIQUES: ReadonlyMap<string, AttackTechnique> = new Map(
  TECHNIQUES.split('\n').map((line) => {
    const [, id = '', tactics = '', name = ''] = /^(\S+) ([^:]+): (.+)$/.exec(line) ?? [];
    const found = ATTACK_TACTICS.filter((tactic) => tactics.split(', ').includes(tactic.name));
    return [id, { id, name, tactics: found }];
  }),
);
