import type { ServicePlan } from '../../fleet/plan.js';
import { type ObjectSet, objectName } from '../../objects/index.js';
import { type Allowance, isOpen, type NetworkPolicy, type Side } from '../network/index.js';
import { type Cause, causeAt, causeOfNothing, fieldText } from './difference.js';
import { networkPolicyOf } from './names.js';

/** One end of a connection, as causes name it. */
export interface Named {
  readonly name: string;
  /** Undefined for what is not the fleet's. */
  readonly service: ServicePlan | undefined;
}

export interface Explanation {
  readonly causes: readonly Cause[];
  readonly change: string;
}

const FIELD = { ingress: 'from', egress: 'to' } as const;

/** Why an undeclared connection is let through: what opens it at each end that is the fleet's, or is foreign and guarded. */
export function whyOpen(objects: ObjectSet, sides: { readonly egress: Side; readonly ingress: Side }, from: Named, to: Named): Explanation {
  const ends = [
    { side: sides.ingress, end: to },
    { side: sides.egress, end: from },
  ].filter(({ side, end }) => end.service !== undefined || side.isolatedBy.length > 0);
  // one change is enough: the end with the fewest openings
  const [best] = [...ends].sort((a, b) => openings(a) - openings(b));
  return {
    causes: ends.flatMap(({ side, end }) => causesOfOpening(objects, side, end)),
    change: best ? closing(best.side, best.end) : 'give the pods a NetworkPolicy of their own',
  };
}

const openings = ({ side }: { readonly side: Side }): number => (side.isolatedBy.length === 0 ? 1 : side.allowedBy.length);

function causesOfOpening(objects: ObjectSet, side: Side, end: Named): readonly Cause[] {
  if (side.isolatedBy.length === 0) {
    const policy = end.service ? networkPolicyOf(end.service) : `a NetworkPolicy for ${end.name}`;
    return [causeOfNothing(policy, `no policy isolates ${end.name} for ${side.direction}`)];
  }
  const allowances = side.allowedBy.map(({ policy, rule, peer, port }) => {
    const who = peer
      ? `${side.direction === 'ingress' ? 'from' : 'to'} this peer`
      : `${side.direction === 'ingress' ? 'from' : 'to'} everybody`;
    return causeAt(objects, policy.object, (peer ?? port ?? rule).path, `allows ${side.direction} ${who}${port ? '' : ', on every port'}`);
  });
  return [...new Map(allowances.map(cause => [`${cause.object} ${cause.path}`, cause])).values()];
}

function closing(side: Side, end: Named): string {
  const [first] = side.allowedBy;
  if (!first) {
    const policy = end.service ? networkPolicyOf(end.service) : 'a NetworkPolicy';
    return `let ${policy} select ${end.name}, with policyTypes ${side.direction === 'ingress' ? 'Ingress' : 'Egress'}`;
  }
  if (side.allowedBy.length > 1) {
    const parts = [...new Set(side.allowedBy.map(partOf))];
    return parts.length === 1 ? `remove ${parts[0]}` : `remove each of ${parts.join(', ')}`;
  }
  return `remove ${partOf(first)}`;
}

/** The least part of a rule whose removal closes it: never the last of a list, since an empty list allows everything. */
function partOf({ policy, rule, peer, port }: Allowance): string {
  const path = (rule.peers?.length ?? 0) > 1 && peer ? peer.path : (rule.ports?.length ?? 0) > 1 && port ? port.path : rule.path;
  return `${fieldText(path)} of ${objectName(policy.object)}`;
}

/** Why a declared connection is stopped, at each end that stops it. */
export function whyClosed(
  objects: ObjectSet,
  sides: { readonly egress: Side; readonly ingress: Side },
  from: Named,
  to: Named,
  port: string,
): Explanation {
  const closed = [
    { side: sides.egress, end: from, other: to },
    { side: sides.ingress, end: to, other: from },
  ].filter(({ side }) => !isOpen(side));
  const explained = closed.map(({ side, end, other }) => nearest(objects, side, end, other, port));
  return {
    causes: explained.flatMap(({ causes }) => causes),
    change: explained.map(({ change }) => change).join('; '),
  };
}

function nearest(objects: ObjectSet, side: Side, end: Named, other: Named, port: string): Explanation {
  const own = side.nearly.find(near => near.differs === 'ports') ?? side.nearly.find(near => isOwn(near.policy, end));
  if (own?.differs === 'ports') {
    const path = [...own.rule.path, 'ports'];
    const cause = causeAt(objects, own.policy.object, path, `lets ${other.name} through, but not on ${port}`);
    return { causes: [cause], change: `write ${port} into ${fieldText(path)} of ${objectName(own.policy.object)}` };
  }
  if (own) {
    const path = [...own.rule.path, FIELD[side.direction]];
    const cause = causeAt(
      objects,
      own.policy.object,
      path,
      `opens ${port}, but not ${side.direction === 'ingress' ? 'from' : 'to'} ${other.name}`,
    );
    return { causes: [cause], change: `add the pods of ${other.name} to ${fieldText(path)} of ${objectName(own.policy.object)}` };
  }
  const policy = side.isolatedBy.find(each => isOwn(each, end)) ?? side.isolatedBy[0];
  if (!policy) throw new Error(`${end.name} is not isolated, and yet it is closed`);
  const path = ['spec', side.direction];
  const cause = causeAt(
    objects,
    policy.object,
    path,
    `isolates ${end.name} for ${side.direction} and no rule of any policy has ${other.name} on ${port}`,
  );
  return {
    causes: [cause],
    change: `add a rule with the pods of ${other.name} and port ${port} to ${fieldText(path)} of ${objectName(policy.object)}`,
  };
}

/** The policy that was made for a service, or selects its labels. */
const isOwn = (policy: NetworkPolicy, end: Named): boolean =>
  end.service !== undefined && policy.target.requirements.length > 0 && policy.target.matches(end.service.selectorLabels);
