import type { Target } from './target.ts';
import { fileTargets } from './targets/files.ts';
import { mqttMessages } from './targets/mqtt-messages.ts';
import { ontologyTargets } from './targets/ontology.ts';
import { partyTargets } from './targets/parties.ts';
import { sessionTargets } from './targets/sessions.ts';
import { socketTargets } from './targets/sockets.ts';
import { streams } from './targets/streams.ts';
import { updateMessages } from './targets/update-messages.ts';
import { valueTargets } from './targets/values.ts';
import { xmlTargets } from './targets/xml.ts';

/** All targets: one for each decoder of bytes from outside. */
export const targets: readonly Target[] = [
  ...mqttMessages,
  ...streams,
  ...updateMessages,
  ...xmlTargets,
  ...valueTargets,
  ...ontologyTargets,
  ...fileTargets,
  ...sessionTargets,
  ...partyTargets,
  ...socketTargets,
];
